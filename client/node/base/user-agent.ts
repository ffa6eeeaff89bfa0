/** The user agent of the client. */
import { version } from '../../../wire/version.ts'

/** In the form of gRPC clients: name, version, then the platform. */
export const USER_AGENT = `portico/${version} node/${process.versions.node}`
