import { analyticsRoutes } from "./cloudtalk-analytics.ts";
import { cloudtalkBulkRoutes } from "./cloudtalk-bulk.ts";
import { cloudtalkCallRoutes } from "./cloudtalk-calls.ts";
import { cloudtalkContactRoutes } from "./cloudtalk-contacts.ts";
import { cloudtalkDirectoryRoutes } from "./cloudtalk-directory.ts";
import { intelligenceRoutes } from "./cloudtalk-intelligence.ts";
import { cloudtalkNoteRoutes } from "./cloudtalk-notes.ts";
import { platformRoutes } from "./cloudtalk-platform.ts";
import { ghlContactRoutes } from "./ghl-contacts.ts";
import { ghlConversationRoutes } from "./ghl-conversations.ts";
import { ghlLocationRoutes } from "./ghl-location.ts";
import { ghlMessageRoutes } from "./ghl-messages.ts";
import { ghlNoteRoutes } from "./ghl-notes.ts";
import { ghlOAuthRoutes } from "./ghl-oauth.ts";
import { ghlOpportunityRoutes } from "./ghl-opportunities.ts";
import { ghlSearchRoutes } from "./ghl-search.ts";
import { ghlTaskRoutes } from "./ghl-tasks.ts";
import { ghlUserRoutes } from "./ghl-users.ts";
import { chatRoutes } from "./openai-chat.ts";
import { transcriptionRoutes } from "./openai-transcriptions.ts";
import type { Route } from "./route.ts";
import type { World } from "./world.ts";

/** Every operation of every vendor that the twin plays. */
export const twinRoutes = (world: World): Route[] => [
  ...cloudtalkCallRoutes(world),
  ...cloudtalkContactRoutes(world),
  ...cloudtalkNoteRoutes(world),
  ...cloudtalkBulkRoutes(world),
  ...cloudtalkDirectoryRoutes(world),
  ...analyticsRoutes(world),
  ...intelligenceRoutes(world),
  ...platformRoutes(world),
  ...ghlSearchRoutes(world),
  ...ghlContactRoutes(world),
  ...ghlNoteRoutes(world),
  ...ghlTaskRoutes(world),
  ...ghlLocationRoutes(world),
  ...ghlConversationRoutes(world),
  ...ghlMessageRoutes(world),
  ...ghlOpportunityRoutes(world),
  ...ghlUserRoutes(world),
  ...ghlOAuthRoutes(world),
  ...transcriptionRoutes(world),
  ...chatRoutes(world),
];
