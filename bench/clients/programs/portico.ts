/** Our client. */
import { createClient } from '../../../client/core/create-client.ts'
import { createTransport } from '../../../client/node/transport.ts'
import { runClientProgram } from './client-program.ts'
import { connectClient } from './connect-client.ts'

await runClientProgram((address) => {
  const transport = createTransport({ target: address })
  return connectClient({ transport, createClient, close: () => transport.close() })
})
