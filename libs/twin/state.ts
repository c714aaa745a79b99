import type { CloudTalkState } from "./cloudtalk-state.ts";
import { emptyCloudTalk } from "./cloudtalk-state.ts";
import type { GhlState } from "./ghl-state.ts";
import { emptyGhl } from "./ghl-state.ts";

/** Everything the two vendors remember. Replaced as a whole by a reset. */
export type TwinState = { cloudtalk: CloudTalkState; ghl: GhlState };

export const emptyState = (): TwinState => ({ cloudtalk: emptyCloudTalk(), ghl: emptyGhl() });
