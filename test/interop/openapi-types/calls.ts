/** Calls a server with openapi-fetch, typed by the document that it serves. Prints what it gets; its argument is the server's address. */
import createClient from 'openapi-fetch'
import type { paths } from './api.ts'

const client = createClient<paths>({ baseUrl: process.argv[2] ?? '' })

const greeted = await client.GET('/v1/hello/{name}', { params: { path: { name: 'Ada & Bob/√' } } })
show('path variable', greeted.data?.message)

const queried = await client.GET('/v1/hello', { params: { query: { name: 'Carol' } } })
show('query', queried.data?.message)

const topic = { path: { topic: 'openapi-types' } }
const published = await client.POST('/v1/topics/{topic}:publish', { params: topic, body: { data: 'typed' } })
// Numbers of 64 bits are strings in JSON, and in the types.
const sequence: string | undefined = published.data?.sequence
show('body', sequence)

const refused = await client.POST('/v1/topics/{topic}:publish', {
  params: { path: { topic: '!' } },
  body: { data: '' },
})
show('error', `${refused.response.status} ${refused.error?.code}`)

const connect = await client.POST('/greeter.v1.GreeterService/SayHello', { body: { name: 'Dave' } })
show('connect', connect.data?.message)

function show(name: string, value: string | undefined): void {
  process.stdout.write(`${name}: ${value}\n`)
}
