import type { GhlContactId } from "@callbridge/events";
import type { Ghl, GhlCallLog, GhlContact, GhlCustomField } from "@callbridge/ghl";
import { beginningMs, type SimulatedTime } from "./simulated-time.ts";
import { notSimulated, refused, type VendorRequest } from "./vendor-port.ts";

export type CrmContact = {
  id: GhlContactId;
  phone: string;
  name: string | undefined;
  email: string | undefined;
  tags: string[];
  /** From when on the search shows it; the duplicate look-up reads the records themselves. */
  foundFromMs: number;
  fields: Map<string, string | number>;
  notes: { id: string; body: string }[];
  messages: { id: string; altId: string }[];
};

/** The CRM: what is in it, whoever wrote it. */
export type Crm = {
  contacts: CrmContact[];
  customFields: GhlCustomField[];
  /** What came to the workflow's address, by its reference. */
  workflow: Map<string, { contactId: string; times: number }>;
  add: (phone: string, name?: string) => CrmContact;
};

export function crm(time: SimulatedTime, searchLagMs: number): Crm {
  const contacts: CrmContact[] = [];
  return {
    contacts,
    customFields: [],
    workflow: new Map(),
    add: (phone, name) => {
      const contact: CrmContact = {
        ...{
          id: `GhlContact${String(contacts.length + 1).padStart(10, "0")}` as GhlContactId,
          phone,
          name,
          email: undefined,
        },
        // Who was there before the beginning is found at once.
        foundFromMs: time.nowMs() === beginningMs ? beginningMs : time.nowMs() + searchLagMs,
        ...{ tags: [], fields: new Map(), notes: [], messages: [] },
      };
      contacts.push(contact);
      return contact;
    },
  };
}

const contactPages = "https://crm.example/contacts/";

/** The CRM as one process sees it: the functions of libs/ghl, each as one request. */
export function crmClient(
  { contacts, customFields, workflow, add }: Crm,
  request: VendorRequest,
  { time, forbidsDuplicates }: { time: SimulatedTime; forbidsDuplicates: boolean },
): Ghl {
  const told = ({ id, phone, name, email, tags, fields }: CrmContact): GhlContact => ({
    ...{ id, phones: phone === "" ? [] : [phone], emails: email ? [email] : [], name, tags: [...tags] },
    customFields: [...fields].map(([field, value]) => ({ id: field, value })),
  });
  const known = (id: string, operation: string): CrmContact => {
    const contact = contacts.find((one) => one.id === id);
    if (!contact) throw refused("ghl", operation, `Contact with id ${id} not found`);
    return contact;
  };

  return {
    contact: (id) =>
      request("contact", "read", () => {
        const found = contacts.find((one) => one.id === id);
        return found && told(found);
      }),
    findContactsByPhone: (phone) =>
      request("findContactsByPhone", "read", () => {
        const holders = contacts.filter((one) => one.phone === phone);
        const searched = holders.filter(({ foundFromMs }) => foundFromMs <= time.nowMs());
        const looked = holders.slice(0, 1);
        const found = [...new Set([...searched, ...looked])];
        const agree = found.length === 0 || looked.some((one) => searched.includes(one));
        return { contacts: found.map(told), agree };
      }),
    createContact: ({ phone = "", name }) =>
      request("createContact", "write", () => {
        const existing = forbidsDuplicates ? contacts.find((one) => one.phone === phone) : undefined;
        return { id: (existing ?? add(phone, name)).id, existed: existing !== undefined };
      }),
    setCustomFields: (id, fields) =>
      request("setCustomFields", "write", () => {
        const contact = known(id, "contacts.update");
        for (const field of fields) contact.fields.set(field.id, field.value);
      }),
    updateContact: (id, { firstName, lastName, phone, email }) =>
      request("updateContact", "write", () => {
        const contact = known(id, "contacts.update");
        if (firstName !== undefined) contact.name = [firstName, lastName].filter(Boolean).join(" ");
        if (phone !== undefined) contact.phone = phone;
        if (email !== undefined) contact.email = email;
      }),
    deleteContact: (id) =>
      request("deleteContact", "write", () => {
        const place = contacts.findIndex((one) => one.id === id);
        if (place >= 0) contacts.splice(place, 1);
      }),
    addTags: (id, tags) =>
      request("addTags", "write", () => {
        const contact = known(id, "contacts.addTags");
        contact.tags = [...new Set([...contact.tags, ...tags])];
      }),
    removeTags: (id, tags) =>
      request("removeTags", "write", () => {
        const contact = known(id, "contacts.removeTags");
        contact.tags = contact.tags.filter((tag) => !tags.includes(tag));
      }),
    addToWorkflow: notSimulated("addToWorkflow"),
    opportunitiesOf: notSimulated("opportunitiesOf"),
    opportunity: notSimulated("opportunity"),
    setOpportunityStage: notSimulated("setOpportunityStage"),
    setOpportunityStatus: notSimulated("setOpportunityStatus"),
    tasks: notSimulated("tasks"),
    createTask: notSimulated("createTask"),
    contactsPage: notSimulated("contactsPage"),
    contactsUpdatedSince: notSimulated("contactsUpdatedSince"),
    notes: (id) => request("notes", "read", () => structuredClone(known(id, "notes.list").notes)),
    createNote: (id, { body }) =>
      request("createNote", "write", () => {
        const { notes } = known(id, "notes.create");
        const note = { id: `${id}-note-${notes.length + 1}`, body };
        notes.push(note);
        return { id: note.id };
      }),
    updateNote: (id, noteId, { body }) =>
      request("updateNote", "write", () => {
        const note = known(id, "notes.update").notes.find((one) => one.id === noteId);
        if (!note) throw refused("ghl", "notes.update", "not found");
        note.body = body;
      }),
    deleteNote: (id, noteId) =>
      request("deleteNote", "write", () => {
        const contact = known(id, "notes.delete");
        contact.notes = contact.notes.filter((one) => one.id !== noteId);
      }),
    logCall: ({ contactId, altId }: GhlCallLog) =>
      request("logCall", "write", () => {
        const { messages } = known(contactId, "messages.inbound");
        messages.push({ id: `${contactId}-message-${messages.length + 1}`, altId });
        return { messageId: messages.at(-1)?.id ?? "" };
      }),
    callMessages: (contactId) =>
      request("callMessages", "read", () =>
        known(contactId, "messages.list").messages.map(({ id, altId }) => ({ messageId: id, altId })),
      ),
    postInboundWebhook: (_url, json) =>
      request("postInboundWebhook", "write", () => {
        const [reference, contactId] = [String(json.reference), String(json.contact_id)];
        workflow.set(reference, { contactId, times: (workflow.get(reference)?.times ?? 0) + 1 });
      }),
    customFields: () => request("customFields", "read", () => [...customFields]),
    createCustomField: ({ name, dataType }) =>
      request("createCustomField", "write", () => {
        const fieldKey = `contact.${name.toLowerCase().replaceAll(" ", "_")}`;
        if (customFields.some((one) => one.fieldKey === fieldKey)) {
          throw refused("ghl", "custom-fields.create", `a field with the key ${fieldKey} already exists`);
        }
        const field = { id: `field-${customFields.length + 1}`, name, fieldKey, dataType };
        customFields.push(field);
        return field;
      }),
    users: () => request("users", "read", () => []),
    pipelines: () => request("pipelines", "read", () => []),
    contactPage: (id) => `${contactPages}${id}`,
    contactIdIn: (url) => (url.startsWith(contactPages) ? (url.slice(contactPages.length) as GhlContactId) : undefined),
  };
}
