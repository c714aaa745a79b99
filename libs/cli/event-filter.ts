import type { EventFilter } from "@callbridge/event-log";
import { type Command, Option } from "commander";
import type { CliDeps } from "./deps.ts";
import { collect, type Place, placeParser } from "./options.ts";

export type SelectionOptions = {
  type?: string[];
  stream?: string;
  account?: string;
  correlation?: string;
  from?: Place;
  to?: Place;
};

/** The options by which events are chosen, the same for every command that reads or replays them. */
export function addSelection(command: Command, deps: CliDeps): Command {
  const place = placeParser(deps);
  return command
    .addOption(
      new Option("--from <place>", "from this position, or recorded from this time on (or 2h, 7d ago)").argParser(
        place,
      ),
    )
    .addOption(
      new Option("--to <place>", "up to and with this position, or recorded before this time").argParser(place),
    )
    .addOption(new Option("--type <type>", "only events of this type (repeatable)").argParser(collect))
    .option("--stream <stream>", "only this stream and those linked to it, e.g. call:n:123 or contact:ghl:abc")
    .option("--account <account>", "only this account");
}

/** Accounts for `--to` being inclusive for a position. */
export function filterOf({ type, stream, account, correlation, from, to }: SelectionOptions): EventFilter {
  return {
    types: type,
    stream,
    account,
    correlation,
    ...(from && ("position" in from ? { fromPosition: from.position } : { from: from.time })),
    ...(to && ("position" in to ? { toPosition: to.position } : { to: to.time })),
  };
}
