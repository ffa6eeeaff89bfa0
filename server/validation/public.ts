/** The public edge of `portico/server/validation`. */
export { type ValidateOptions, validate } from './validate.ts'
