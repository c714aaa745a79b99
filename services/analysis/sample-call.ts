import type { Feedback } from "./feedback.ts";

/** A call of tests: what was said in it, and a good review of it. */
export const saidInCall = [
  "Thank you for calling Brightway Internet. My name is Sarah. How can I help you today?",
  "Hi Sarah. My internet has been very slow for three days, and I work from home. I am really frustrated.",
  "I am sorry to hear that. I would like to send a technician to your house tomorrow morning.",
  "Wait, will I have to pay for that visit?",
  "No, the visit is free. I will also give you a credit of twenty dollars on your next bill.",
  "Okay, I'll be home. Thank you, goodbye.",
];

const points = { applicable: true, rationale: "As the anchors say." };

export const goodFeedback: Feedback = {
  language: "en",
  callType: "support",
  headline: "Slow internet for 3 days; free technician visit tomorrow",
  summary: "The customer has had slow internet for three days. The agent offered a technician and a credit.",
  outcome: "A free visit is booked for tomorrow morning.",
  resolution: "appointment_booked",
  sentiment: "positive",
  criteria: [
    { ...points, id: "greeting", score: 5, quote: "My name is Sarah." },
    { ...points, id: "needs", score: 3, quote: "" },
    { ...points, id: "empathy", score: 4, quote: "I am sorry to hear that" },
    { ...points, id: "solution", score: 4, quote: "The visit is free" },
    { ...points, id: "next_step", score: 5, quote: "send a technician to your house tomorrow morning" },
    { id: "closing", applicable: false, score: null, rationale: "Cut off.", quote: "" },
  ],
  actionItems: [
    {
      owner: "company",
      action: "Technician visit",
      due: "tomorrow morning",
      quote: "I would like to send a technician to your house tomorrow morning",
    },
    {
      owner: "agent",
      action: "Credit of 20 dollars",
      due: null,
      quote: "a credit of twenty dollars on your next bill",
    },
  ],
  coaching: [
    {
      observation: "The agent offered a visit before asking what is slow.",
      suggestion: "Ask one open question first.",
      exampleWording: "When do you notice it most?",
      quote: "I would like to send a technician",
    },
  ],
  nextStep: "A technician visits tomorrow morning",
  topics: ["slow internet", "technician visit"],
};
