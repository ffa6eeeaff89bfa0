/** What channels of tests prove themselves with: nothing. */
import { CallAuthenticator } from '../../client/node/credentials/call-authenticator.ts'

/** For parts that are put together by hand. */
export const NO_CREDENTIALS = new CallAuthenticator({
  credentials: undefined,
  isSecure: false,
  authority: 'greeter.test',
})
