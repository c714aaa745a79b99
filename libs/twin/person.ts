import { echo, type Reports } from "./echo.ts";
import { lateWork } from "./late-work.ts";
import { type Answer, asRecord, type Vendor } from "./route.ts";
import { twinRoutes } from "./routes.ts";
import { screenDeeds } from "./screens.ts";
import type { World } from "./world.ts";

/** How the world hears of a deed. */
export type Telling = {
  /** Which webhooks tell of it; `off`: they are lost. */
  report?: Reports | undefined;
  /** How many times more each of them is delivered. */
  duplicates?: number | undefined;
};

/** What somebody does in a vendor's own screens, in the words of that vendor's API. */
export type Deed = Telling & {
  vendor: Vendor;
  /** E.g. `contacts.update`, or one of `screens.ts`. */
  operation: string;
  /** Path parameters, e.g. `{ contactId }`; CloudTalk's ids go by `file`. */
  params?: Record<string, string> | undefined;
  body?: unknown;
};

/** Does it past credentials, limits, counts and faults, and resolves once its webhooks were delivered. */
export async function act(world: World, deed: Deed): Promise<Answer> {
  const { vendor, operation, params = {}, body, report = "workflow", duplicates = 0 } = deed;
  const told = lateWork();
  const theirs: World = { ...world, changed: (change) => echo(world, told, change, report, duplicates) };
  const deeds = [...twinRoutes(theirs), ...screenDeeds(theirs)];
  const route = deeds.find((one) => one.vendor === vendor && one.operation === operation);
  if (route === undefined) {
    const known = deeds.filter((one) => one.vendor === vendor).map((one) => one.operation);
    const message = `The twin knows no operation ${operation} of ${vendor}. It knows: ${known.join(", ")}`;
    return { status: 404, body: { message } };
  }
  const answer = await route.handle({ params, query: {}, headers: {}, body });
  await told.settle();
  return answer;
}

type Fields = Record<string, unknown>;

/**
 * Somebody at work in both systems. Every function resolves once its webhooks were delivered, and throws what the screen
 * would refuse. GHL tells by its app's events, the only family that tells of every change; CloudTalk by automations.
 */
export type PersonAtWork = {
  inGhl: {
    /** Fields in the words of `POST /contacts/`; resolves with the id. */
    create: (fields: Fields, telling?: Telling) => Promise<string>;
    /** In the words of `PUT /contacts/{id}`, and also `companyName`, `additionalPhones`, `additionalEmails`. */
    edit: (contactId: string, fields: Fields, telling?: Telling) => Promise<void>;
    tag: (contactId: string, tags: string[], telling?: Telling) => Promise<void>;
    untag: (contactId: string, tags: string[], telling?: Telling) => Promise<void>;
    /** Resolves with the note's id. */
    note: (contactId: string, body: string, telling?: Telling) => Promise<string>;
    editNote: (noteId: string, body: string, telling?: Telling) => Promise<void>;
    deleteNote: (noteId: string, telling?: Telling) => Promise<void>;
    remove: (contactId: string, telling?: Telling) => Promise<void>;
    merge: (contacts: { kept: string; gone: string }, telling?: Telling) => Promise<void>;
  };
  inCloudTalk: {
    /** Fields in the words of `contacts/add`; resolves with the id. */
    create: (fields: Fields, telling?: Telling) => Promise<string>;
    /** In the words of `contacts/edit`: sets are replaced. */
    edit: (contactId: string, fields: Fields, telling?: Telling) => Promise<void>;
    tag: (contactId: string, tags: string[], telling?: Telling) => Promise<void>;
    untag: (contactId: string, tags: string[], telling?: Telling) => Promise<void>;
    /** A contact's note: no trigger tells of it. Resolves with its id. */
    note: (contactId: string, note: string) => Promise<string>;
    noteCall: (callId: string, note: string, telling?: Telling) => Promise<void>;
    tagCall: (callId: string, tag: string, telling?: Telling) => Promise<void>;
    remove: (contactId: string, telling?: Telling) => Promise<void>;
    merge: (contacts: { kept: string; gone: string }, telling?: Telling) => Promise<void>;
  };
};

export function personAtWork(world: World): PersonAtWork {
  async function does(deed: Deed): Promise<Fields> {
    const { status, body } = await act(world, deed);
    if (status >= 400) throw new Error(`${deed.vendor} refuses ${deed.operation}: ${JSON.stringify(body)}`);
    return asRecord(body);
  }
  const ghl = (operation: string, params: Deed["params"], body?: unknown, telling: Telling = {}) =>
    does({ vendor: "ghl", report: "app", operation, params, body, ...telling });
  const cloudtalk = (operation: string, params: Deed["params"], body?: unknown, telling: Telling = {}) =>
    does({ vendor: "cloudtalk", operation, params, body, ...telling });
  const file = (id: string) => ({ file: `${id}.json` });
  const made = (body: Fields) => String(asRecord(asRecord(body.responseData).data).id);
  const noteParams = (noteId: string) => ({ noteId, contactId: world.state.ghl.notes.get(noteId)?.contactId ?? "" });

  return {
    inGhl: {
      create: async (fields, telling) => {
        const body = { locationId: world.credentials.ghlLocationId, ...fields };
        return String(asRecord((await ghl("contacts.create", {}, body, telling)).contact).id);
      },
      edit: async (contactId, fields, telling) =>
        void (await ghl("screen.editContact", { contactId }, fields, telling)),
      tag: async (contactId, tags, telling) => void (await ghl("contacts.addTags", { contactId }, { tags }, telling)),
      untag: async (contactId, tags, telling) =>
        void (await ghl("contacts.removeTags", { contactId }, { tags }, telling)),
      note: async (contactId, body, telling) =>
        String(asRecord((await ghl("notes.create", { contactId }, { body }, telling)).note).id),
      editNote: async (noteId, body, telling) =>
        void (await ghl("notes.update", noteParams(noteId), { body }, telling)),
      deleteNote: async (noteId, telling) => void (await ghl("notes.delete", noteParams(noteId), undefined, telling)),
      remove: async (contactId, telling) => void (await ghl("contacts.delete", { contactId }, undefined, telling)),
      merge: async ({ kept, gone }, telling) =>
        void (await ghl("screen.mergeContacts", { contactId: kept }, { gone }, telling)),
    },
    inCloudTalk: {
      create: async (fields, telling) => made(await cloudtalk("contacts.add", {}, fields, telling)),
      edit: async (contactId, fields, telling) =>
        void (await cloudtalk("contacts.edit", file(contactId), fields, telling)),
      tag: async (contactId, tags, telling) =>
        void (await cloudtalk("contacts.addTags", file(contactId), { tags }, telling)),
      untag: async (contactId, tags, telling) =>
        void (await cloudtalk("contacts.removeTags", file(contactId), { tags }, telling)),
      note: async (contactId, note) => made(await cloudtalk("notes.add", file(contactId), { note })),
      noteCall: async (callId, text, telling) =>
        void (await cloudtalk("screen.noteCall", { callId }, { text }, telling)),
      tagCall: async (callId, text, telling) => void (await cloudtalk("screen.tagCall", { callId }, { text }, telling)),
      remove: async (contactId, telling) =>
        void (await cloudtalk("contacts.delete", file(contactId), undefined, telling)),
      merge: async ({ kept, gone }, telling) =>
        void (await cloudtalk("screen.mergeContacts", { contactId: kept }, { gone }, telling)),
    },
  };
}
