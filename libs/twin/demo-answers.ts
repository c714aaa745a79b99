/**
 * What a good analyst would say about the sample call, by property name. A name may be qualified by the property it
 * sits under (`summary.outcome`); the most qualified entry wins. Lists are used one entry per array item.
 */
export const demoStrings: Record<string, string | string[]> = {
  language: "en",
  headline: "Slow internet for 3 days; free technician visit booked, $20 credit, churn risk",
  title: "Slow internet: technician visit booked",
  summary:
    "The customer reported three days of slow internet. The agent found evening signal loss, booked a free technician visit and granted a 20 dollar credit.",
  reason: "The internet has been very slow for three days and the customer works from home.",
  discussion:
    "The agent asked for the account number, saw evening signal loss on the modem and offered a technician visit. The customer asked about the cost and mentioned a cheaper competitor.",
  outcome:
    "Free technician visit tomorrow between nine and eleven and a 20 dollar credit; plan review promised after the repair.",
  callType: "support",
  sentiment: "positive",
  start: "negative",
  end: "positive",
  rationale: "Supported by what was said.",
  confidence: "high",
  point: ["Proactive goodwill credit", "Clear time window for the visit"],
  strength: "Proactive goodwill credit",
  strengths: ["Proactive goodwill credit", "Clear time window for the visit"],
  "coaching.observation": "The sign that the customer may leave was answered with a promise to check later.",
  "coaching.suggestion": "Ask one question about the rival offer and compare it during the call.",
  coaching: "Ask one question about the rival offer and compare it during the call.",
  observation: "The sign that the customer may leave was answered with a promise to check later.",
  suggestion: "Ask one question about the rival offer and compare it during the call.",
  exampleWording: "May I ask which plan they offered, so that I can compare it for you right now?",
  "coaching.priority": "high",
  priority: "medium",
  objection: "A competitor is ten dollars cheaper for the same speed.",
  response: "The agent offered to check the plans after the repair.",
  handled: "partly",
  "objections.type": "competitor",
  "risks.type": "churn",
  severity: "medium",
  "risks.explanation": "The customer is thinking about a cheaper competitor.",
  explanation: "Supported by what was said.",
  owner: ["company", "agent", "agent"],
  action: ["Send a technician", "Apply a 20 dollar credit", "Check for a better plan after the repair"],
  actionItems: ["Technician visit tomorrow between nine and eleven", "20 dollar credit on the next bill"],
  due: ["tomorrow between nine and eleven", "next bill"],
  "nextStep.description": "Technician visit tomorrow between nine and eleven; plan review after the repair",
  nextStep: "Technician visit tomorrow between nine and eleven",
  "drivers.description": "Three days of slow service while working from home",
  description: "Three days of slow service while working from home",
  topics: ["slow internet", "technician visit", "billing credit", "competitor price"],
  topic: "slow internet",
  competitorMentions: ["unnamed competitor, ten dollars cheaper"],
  followUpDraft:
    "Hi David, your technician visit is booked for tomorrow between 9 and 11. It is free of charge, and a $20 credit will be on your next bill. - Sarah, Brightway",
  agentName: "Sarah",
  customerName: "David",
  company: "Brightway Internet",
};

/** How the sample call does on a criterion or a check, found by a word in its id. */
export type Judgement = { about: RegExp; score: number; rationale: string; quote: string; status: string };

export const judgements: Judgement[] = [
  {
    about: /greet|opening|introduc/,
    score: 5,
    rationale: "Company, name and recording notice came in the first sentence.",
    quote: "Thank you for calling Brightway Internet. My name is Sarah.",
    status: "pass",
  },
  {
    about: /record|disclos|consent/,
    score: 5,
    rationale: "Said in the first sentence.",
    quote: "This call may be recorded for quality",
    status: "pass",
  },
  {
    about: /empath|rapport|tone|courtesy|polite/,
    score: 4,
    rationale: "The agent acknowledged the inconvenience at once.",
    quote: "I understand how important it is when you work from home",
    status: "pass",
  },
  {
    about: /objection|competit|retention/,
    score: 2,
    rationale: "The competitor's price was put off, not explored.",
    quote: "I can check if there is a better plan for you",
    status: "fail",
  },
  {
    about: /identi|verif/,
    score: 3,
    rationale: "Only an account number was asked for.",
    quote: "Can I have your account number please?",
    status: "unclear",
  },
  {
    about: /discover|need|question|listen|qualif/,
    score: 3,
    rationale: "The agent asked for the account, not for how the line is used.",
    quote: "How can I help you today?",
    status: "pass",
  },
  {
    about: /solution|resol|knowledge|explan|clarity|product|problem/,
    score: 4,
    rationale: "The cause was named and a remedy offered.",
    quote: "I can see that your modem is losing the signal in the evening",
    status: "pass",
  },
  {
    about: /next|commit|action|follow/,
    score: 5,
    rationale: "Day and time window of the visit were agreed.",
    quote: "The technician will come between nine and eleven",
    status: "pass",
  },
  {
    about: /clos|wrap|summar/,
    score: 4,
    rationale: "The agent asked for anything else and said thanks.",
    quote: "Is there anything else I can do for you today?",
    status: "pass",
  },
];

export const judgementOf = (id: string | undefined): Judgement | undefined =>
  id === undefined ? undefined : judgements.find(({ about }) => about.test(id.toLowerCase()));

/** Words that really fall in the sample call, so that a client which verifies its quotes finds them. */
export const demoQuotes: Record<string, string[]> = {
  drivers: ["I am really frustrated"],
  strengths: ["a credit of twenty dollars on your next bill", "The technician will come between nine and eleven"],
  coaching: ["the other company offers the same speed for ten dollars less"],
  objections: ["I am thinking about leaving"],
  actionItems: [
    "The technician will come between nine and eleven",
    "a credit of twenty dollars on your next bill",
    "I can check if there is a better plan for you",
  ],
  risks: ["I am thinking about leaving"],
};

export const demoNumbers: Record<string, number | number[]> = {
  score: 4,
  overallScore: 78,
  duration: 70,
};

/** Where an enumeration has several fitting values, the most fitting first. */
export const demoChoices: Record<string, string[]> = {
  resolution: ["appointment_booked", "callback_scheduled", "follow_up_needed", "partially_resolved"],
  outcome: ["appointment_booked", "appointment", "callback", "interested", "resolved"],
  callType: ["support", "service"],
};

/** How many items a list of a known name gets. */
export const demoCounts: Record<string, number> = {
  drivers: 1,
  strengths: 2,
  coaching: 1,
  objections: 1,
  actionItems: 3,
  compliance: 1,
  risks: 1,
  topics: 4,
  competitorMentions: 1,
  evidence: 1,
  transcriptIssues: 0,
};

/** The same for a call the twin knows nothing about: true of any call, and nothing invented. */
export const plainStrings: Record<string, string> = {
  language: "en",
  callType: "other",
  resolution: "not_applicable",
  sentiment: "neutral",
  start: "neutral",
  end: "neutral",
  headline: "Short conversation",
  confidence: "low",
  priority: "low",
  status: "unclear",
};
