/** What the client calls itself in its requests. */
import { version } from '../../../wire/version.ts'

/** As gRPC's clients do: the name, its version, then what it runs on. */
export const USER_AGENT = `portico/${version} node/${process.versions.node}`
