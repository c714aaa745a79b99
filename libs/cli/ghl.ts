import { ConnectError, type GhlConnection, type GhlStatus, openGhlConnection } from "@callbridge/connections";
import { VendorError } from "@callbridge/vendor";
import type { Command } from "commander";
import { accountNamed } from "./account.ts";
import type { CliDeps } from "./deps.ts";
import { CliError } from "./errors.ts";
import { withLog } from "./open-log.ts";
import { dryRunOption, jsonOption } from "./options.ts";
import { print, printJson, say } from "./output.ts";

type Options = { account: string; json?: true };
type ConnectOptions = Options & { code?: string; agency?: true };

/** `callbridge ghl`: the OAuth connection to a GHL location. Tokens are never printed. */
export function registerGhl(program: Command, deps: CliDeps): void {
  const ghl = program.command("ghl").description("the OAuth connection to GoHighLevel");
  const command = (name: string, description: string) =>
    ghl
      .command(name)
      .description(description)
      .option("--account <name>", "the account whose location it is", "default")
      .addOption(jsonOption());
  command("connect", "print where to consent; GHL then brings the browser back to this installation")
    .option("--code <code>", "the code in the address that the browser was sent to, if it could not reach us")
    .option("--agency", "consent as an agency, whose token is exchanged for the location's")
    .action((options: ConnectOptions) =>
      withConnection(deps, options, (connection) =>
        options.code === undefined ? begin(deps, connection, options) : paste(deps, connection, options.code, options),
      ),
    );
  command("status", "who consented, to what, and until when").action((options: Options) =>
    withConnection(deps, options, async (connection) => {
      const status = await connection.status();
      if (options.json) return printJson(deps, status ? { connected: true, ...status } : { connected: false });
      print(deps, status ? asText(status) : (await connection.waitsFor()).join("\n"));
    }),
  );
  command("disconnect", "forget the tokens; services then hold their events")
    .addOption(dryRunOption())
    .action((options: Options & { dryRun?: true }) =>
      withConnection(deps, options, async (connection) => {
        const was = (await connection.status()) !== undefined;
        if (was && !options.dryRun) await connection.disconnect();
        if (options.json) return printJson(deps, { disconnected: was, dryRun: options.dryRun === true });
        if (!was) return print(deps, "GHL was not connected.");
        const done = options.dryRun ? "The tokens would be forgotten." : "The tokens are forgotten.";
        print(deps, `${done} At GHL the app stays installed until it is removed there.`);
      }),
    );
}

async function withConnection(
  deps: CliDeps,
  { account }: Options,
  work: (connection: GhlConnection) => Promise<void>,
): Promise<void> {
  await withLog(deps, async ({ log, config: installation }) => {
    const { config } = accountNamed(account, installation);
    const connection = config.ghl && openGhlConnection(config, config.ghl, { log, clock: deps.clock, account });
    if (!connection) {
      const why = config.ghl
        ? "GHL_API_KEY is set: a private token needs no connection"
        : "GHL OAuth is not configured";
      throw new CliError(
        `${why}. OAuth takes GHL_CLIENT_ID, GHL_CLIENT_SECRET and GHL_LOCATION_ID, and no GHL_API_KEY.`,
      );
    }
    await work(connection);
  });
}

async function begin(deps: CliDeps, connection: GhlConnection, { agency, json }: ConnectOptions): Promise<void> {
  const { url, redirectUri, until } = await connection.begin({ byAgency: agency === true });
  if (json) return printJson(deps, { url, redirectUri, until: until.toISOString() });
  say(deps, `Open this address within a quarter of an hour, and choose the location of GHL_LOCATION_ID.`);
  say(deps, `The app must have ${redirectUri} among its redirect addresses.`);
  say(deps, "If the browser cannot reach that, run this again with --code and what stands behind code= there.");
  print(deps, url);
}

/**
 * The one request that the command line makes itself: a code is good for minutes and for one use, whoever pasted it waits
 * for the answer, and handing it to a service would mean to store it.
 */
async function paste(deps: CliDeps, connection: GhlConnection, code: string, { json }: Options): Promise<void> {
  const status = await connection.paste(code.trim()).catch((cause: unknown) => {
    const isExpected = cause instanceof ConnectError || cause instanceof VendorError;
    throw isExpected ? new CliError(cause.message, { cause }) : cause;
  });
  if (json) return printJson(deps, { connected: true, ...status });
  print(deps, asText(status));
}

function asText(status: GhlStatus): string {
  const { kind, locationId, companyId, scopes, connectedAt, accessUntil, trouble } = status;
  return [
    `connected  ${connectedAt}, by ${kind === "Location" ? "the location" : `the agency ${companyId}`}`,
    `location   ${locationId}`,
    `scopes     ${scopes.join(" ")}`,
    `token      until ${accessUntil}, renewed before`,
    ...(trouble === undefined ? [] : [`trouble    ${trouble}`]),
  ].join("\n");
}
