/** What a page bundles, written as a user of the package writes it. */
import { createClient } from '@connectrpc/connect'
import { createWebTransport, type WatchState, watchStream } from 'portico/web'
import { GreeterService } from './gen/greeter/v1/greeter_pb.js'

const client = createClient(GreeterService, createWebTransport())
const onState = (state: WatchState): void => {
  document.title = JSON.stringify(state)
}
const watch = watchStream(client.getStream, {
  request: { topic: 'stocks/ACME' },
  resumeAfter: ({ epoch, sequence }) => ({ epoch, afterSequence: sequence }),
  onState,
})
for await (const { data } of watch) document.body.append(data)
