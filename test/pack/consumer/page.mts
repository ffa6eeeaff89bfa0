/** What a page bundles, written as a user of the package writes it. */
import { createClient } from '@connectrpc/connect'
import { createWebTransport, GreeterService, type WatchState, watchTopic } from 'portico/web'

const client = createClient(GreeterService, createWebTransport())
const onState = (state: WatchState): void => {
  document.title = JSON.stringify(state)
}
for await (const { data } of watchTopic(client, { topic: 'stocks/ACME', onState })) document.body.append(data)
