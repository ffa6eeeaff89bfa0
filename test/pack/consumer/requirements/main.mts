/** A server whose proto states who may call. Prints what calls end with: by REST, without a key, with one, and with one that has the scope. */
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect'
import { createClient, createTransport } from 'portico/client'
import { file_portico_options_v1_options as options } from 'portico/gen/portico/options/v1/options_pb.js'
import { createApp } from 'portico/server'
import { apiKeys, authenticate, hashApiKey } from 'portico/server/auth'
import { ShopService } from '../gen/shop/v1/shop_pb.js'

const routes = (router: ConnectRouter) =>
  router.service(ShopService, { listOffers: () => ({}), placeOrder: () => ({}) })
const keys = [
  { name: 'reader', hash: hashApiKey('reader') },
  { name: 'writer', hash: hashApiKey('writer'), scopes: ['orders:write'] },
]
const app = await createApp({ routes, middleware: [authenticate({ schemes: [apiKeys({ keys })] })] })
const baseUrl = await app.fastify.listen({ host: '127.0.0.1', port: 0 })
const transport = createTransport({ baseUrl })
const shop = createClient(ShopService, transport)

async function endOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'ok',
    (error) => Code[ConnectError.from(error).code] ?? '',
  )
}

const { status } = await fetch(`${baseUrl}/v1/offers`)
const ends = [`REST ${status}`, await endOf(shop.listOffers({})), await endOf(shop.placeOrder({}))]
for (const key of ['reader', 'writer']) ends.push(await endOf(shop.placeOrder({}, { headers: { 'x-api-key': key } })))
await transport.close()
await app.drain()
const isShared = ShopService.file.dependencies.includes(options)
process.stdout.write(
  `${ends.join(', ')}; ${isShared ? 'with the descriptor of the package' : 'with another descriptor'}\n`,
)
