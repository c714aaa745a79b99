export { type Consequence, consequenceOf, unexpectedAnswer, VendorError } from "./errors.ts";
export { type Fields, readFields } from "./fields.ts";
export type { Gate, GateReport, Limit } from "./gate.ts";
export {
  type Fetch,
  type VendorHttp,
  type VendorHttpOptions,
  type VendorRequest,
  vendorHttp,
  withoutPersonalData,
} from "./http.ts";
export { type Phone, readPhone } from "./phone.ts";
