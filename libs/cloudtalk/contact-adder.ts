import { AsyncLocalStorage } from "node:async_hooks";
import type { CloudTalkContactId } from "@callbridge/events";
import { consequenceOf, VendorError } from "@callbridge/vendor";
import { type BulkAction, type BulkResult, bulkActionsMax } from "./bulk.ts";
import type { NewContact } from "./contact-body.ts";

type Waiting = {
  contact: NewContact;
  resolve: (id: CloudTalkContactId) => void;
  reject: (error: unknown) => void;
};

/** Long enough for the tenth of ten that begin together, short against everything else that a write waits for. */
const lingerMs = 100;

/**
 * Makes contacts like `createContact`, and those that are wanted at about the same time by one operation of the budget: ten
 * to a bulk. Each has an end of its own: what CloudTalk refuses of one says nothing of the others. When the bulk as a whole
 * ends in doubt all of them do.
 */
export function contactAdder({
  bulkContacts,
}: {
  bulkContacts: (actions: readonly BulkAction[]) => Promise<BulkResult[]>;
}): (contact: NewContact) => Promise<CloudTalkContactId> {
  let waiting: Waiting[] = [];
  let send: () => void = () => undefined;

  return (contact) =>
    new Promise((resolve, reject) => {
      waiting.push({ contact, resolve, reject });
      if (waiting.length === 1) send = begun();
      if (waiting.length === bulkActionsMax) send();
    });

  /** In the surroundings of the first, who waits longest: the bulk must have left before its time is over. */
  function begun(): () => void {
    const asTheFirst = AsyncLocalStorage.snapshot();
    const leave = () => {
      clearTimeout(timer);
      const batch = waiting;
      waiting = [];
      asTheFirst(() => void add(batch));
    };
    const timer = setTimeout(leave, lingerMs);
    return leave;
  }

  async function add(batch: Waiting[]): Promise<void> {
    const actions = batch.map(({ contact }, index) => {
      return { action: "add_contact", commandId: String(index), contact } as const;
    });
    try {
      const results = await bulkContacts(actions);
      for (const [index, { resolve, reject }] of batch.entries()) {
        const made = madeOf(results[index]);
        if (made instanceof VendorError) reject(made);
        else resolve(made);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

function madeOf(result: BulkResult | undefined): CloudTalkContactId | VendorError {
  const { status, id, message } = result ?? {};
  const isMade = status !== undefined && status < 300;
  if (isMade && id !== undefined) return id as CloudTalkContactId;
  // Made, and not told which: the number leads to it.
  const consequence = status === undefined || isMade ? "ambiguous" : consequenceOf(status);
  const detail = message ?? "no result for this contact";
  return new VendorError({ vendor: "cloudtalk", operation: "bulk.contacts", consequence, detail, status });
}
