/** Channel credentials for tests: none. */
import { CallAuthenticator } from '../../client/node/credentials/call-authenticator.ts'

/** For parts that are assembled by hand. */
export const NO_CREDENTIALS = new CallAuthenticator({
  credentials: undefined,
  isSecure: false,
  authority: 'greeter.test',
})
