/** connect-node: Connect's own client for Node. */
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node'
import { runClientProgram } from './client-program.ts'
import { connectClient } from './connect-client.ts'

await runClientProgram((address) => {
  const baseUrl = `http://${address}`
  const sessionManager = new Http2SessionManager(baseUrl)
  const transport = createGrpcTransport({ baseUrl, sessionManager })
  return connectClient({ transport, close: () => sessionManager.abort() })
})
