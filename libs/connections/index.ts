export { accountOfState, ConnectError, callbackPaths, type GhlConnection, type GhlStatus } from "./ghl-connection.ts";
export { openGhl, openGhlConnection } from "./open-ghl.ts";
