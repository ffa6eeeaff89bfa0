/** Our client. */
import { createTransport } from '../../../client/node/transport.ts'
import { runClientProgram } from './client-program.ts'
import { connectClient } from './connect-client.ts'

await runClientProgram((address) => {
  const transport = createTransport({ target: address })
  return connectClient(transport, () => transport.close())
})
