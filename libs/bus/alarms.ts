/** How code waits; each gives back what cancels it. The system's timers, unless somebody else passes the time (simulation). */
export type Alarms = {
  after: (ms: number, ring: () => void) => () => void;
  every: (ms: number, ring: () => void) => () => void;
};

export const systemAlarms: Alarms = {
  after: (ms, ring) => {
    const timer = setTimeout(ring, ms);
    return () => clearTimeout(timer);
  },
  every: (ms, ring) => {
    const timer = setInterval(ring, ms);
    return () => clearInterval(timer);
  },
};
