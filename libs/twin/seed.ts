import { emptyContact } from "./cloudtalk-contacts.ts";
import { nextCloudTalkId } from "./cloudtalk-state.ts";
import { emptyGhlContact } from "./ghl-contacts.ts";
import { nextGhlId } from "./ghl-state.ts";
import { after, type World } from "./world.ts";

/** One person in both systems. */
export type Person = { name: string; phone: string; ghlContactId: string; cloudtalkContactId: string };

export type Seeded = {
  people: Person[];
  agents: { id: string; name: string; email: string; userId: string }[];
  pipelines: { id: string; name: string; stages: { id: string; name: string }[] }[];
};

const agents = [
  { firstname: "Sarah", lastname: "Agent", email: "sarah@brightway.example", phone: "+12025550101" },
  { firstname: "Marco", lastname: "Setter", email: "marco@brightway.example", phone: "+12025550102" },
  { firstname: "Lena", lastname: "Closer", email: "lena@brightway.example", phone: "+12025550103" },
];

const people = [
  { first: "David", last: "Customer", phone: "+12025550143", email: "david@customer.example" },
  { first: "Ada", last: "Rossi", phone: "+393000000001", email: "ada@rossi.example" },
  { first: "Grace", last: "Sample", phone: "+393000000002", email: "grace@sample.example" },
  { first: "Tom", last: "Ngo & Sons", phone: "+12025550178", email: "tom@ngo.example" },
];

/** Agents with a user each, people that both systems know with an open deal, two pipelines; no custom fields. Ids are the same every time. */
export function seed(world: World): Seeded {
  const { cloudtalk, ghl } = world.state;
  cloudtalk.attributes.push(
    { id: "10133", title: "External ID" },
    { id: "10135", title: "# di tentativi di chiamata" },
  );
  ghl.pipelines.push(pipeline(world, "Sales", ["New lead", "Qualified", "Proposal", "Closed"]));
  ghl.pipelines.push(pipeline(world, "Service", ["Reported", "Scheduled", "Done"]));
  const seededAgents = agents.map(({ firstname, lastname, email, phone }) => {
    const id = nextCloudTalkId(cloudtalk, "agent");
    const userId = nextGhlId(ghl, "User");
    const extension = String(1000 + cloudtalk.agents.size);
    const agent = {
      id,
      firstname,
      lastname,
      email,
      extension,
      defaultNumber: "+12025550100",
      availability: "online" as const,
    };
    cloudtalk.agents.set(id, agent);
    ghl.users.set(userId, { id: userId, firstName: firstname, lastName: lastname, email, phone });
    return { id, name: `${firstname} ${lastname}`, email, userId };
  });
  const known = people.map(({ first, last, phone, email }) => addPerson(world, first, last, phone, email));
  for (const person of known) addDeal(world, person);
  return {
    people: known,
    agents: seededAgents,
    pipelines: ghl.pipelines,
  };
}

function pipeline(world: World, name: string, stages: string[]) {
  const { ghl } = world.state;
  return {
    id: nextGhlId(ghl, "Pipeline"),
    name,
    stages: stages.map((stage, position) => ({ id: nextGhlId(ghl, "Stage"), name: stage, position })),
  };
}

/** In both systems since an hour, so that every index knows them. */
function addPerson(world: World, first: string, last: string, phone: string, email: string): Person {
  const { cloudtalk, ghl } = world.state;
  const since = after(world.now(), -3_600_000);
  const theirs = emptyContact(nextCloudTalkId(cloudtalk, "contact"), since);
  Object.assign(theirs, { name: `${first} ${last}`, numbers: [phone], emails: [email] });
  cloudtalk.contacts.set(theirs.id, theirs);
  const ours = emptyGhlContact(nextGhlId(ghl, "Contact"), since);
  Object.assign(ours, { firstName: first, lastName: last, phone, email });
  ghl.contacts.set(ours.id, ours);
  ghl.indexed.set(ours.id, [{ at: since, contact: structuredClone(ours) }]);
  return { name: theirs.name, phone, ghlContactId: ours.id, cloudtalkContactId: theirs.id };
}

/** An open opportunity in the first stage of the first pipeline, so that there is something to move. */
function addDeal(world: World, person: Person): void {
  const { ghl } = world.state;
  const [pipeline] = ghl.pipelines;
  const since = after(world.now(), -3_600_000);
  const id = nextGhlId(ghl, "Opport");
  ghl.opportunities.set(id, {
    id,
    name: person.name,
    monetaryValue: 1500,
    pipelineId: pipeline?.id ?? "",
    pipelineStageId: pipeline?.stages[0]?.id ?? "",
    status: "open",
    assignedTo: [...ghl.users.keys()][0] ?? null,
    contactId: person.ghlContactId,
    source: null,
    lostReasonId: null,
    customFields: [],
    createdAt: since,
    updatedAt: since,
    lastStageChangeAt: since,
    lastStatusChangeAt: since,
  });
}

/** More people with fictional numbers (`+1202556xxxx` upwards), e.g. for load. */
export function addPeople(world: World, count: number): Person[] {
  const first = world.state.ghl.contacts.size;
  return Array.from({ length: count }, (_, i) => {
    const number = first + i;
    const phone = `+1202${String(5_560_000 + number)}`;
    return addPerson(world, "Person", String(number), phone, `person${number}@load.example`);
  });
}
