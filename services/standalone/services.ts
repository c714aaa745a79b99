import { compose as analysis } from "@callbridge/analysis";
import { compose as contactSync } from "@callbridge/contact-sync";
import { compose as ghlWriter } from "@callbridge/ghl-writer";
import { compose as recording } from "@callbridge/recording";
import type { Compose } from "@callbridge/service";

/** The services of this build that consume events. */
export const services: Compose[] = [contactSync, recording, analysis, ghlWriter];
