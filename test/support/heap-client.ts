/** A client that makes one call each of `Keep` and `Chat`, as a child process with a small heap; prints the outcomes. */
import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { createTransport } from '../../client/node/transport.ts'
import type { Protocol } from '../../client/node/transport-options.ts'
import { Sampler } from './sample-types.ts'

const [baseUrl = '', protocol, httpVersion] = process.argv.slice(2)
const transport = createTransport({
  baseUrl,
  protocol: protocol as Protocol,
  httpVersion: httpVersion as '1.1' | '2',
  defaultTimeoutMs: 60_000,
})
const { keep, chat } = createClient(Sampler, transport) as unknown as {
  keep(message: object): Promise<unknown>
  chat(messages: AsyncIterable<object>): AsyncIterable<unknown>
}

async function report(call: () => Promise<unknown>): Promise<void> {
  try {
    await call()
    process.stdout.write('OK\n')
  } catch (error) {
    process.stdout.write(`${Code[ConnectError.from(error).code]}\n`)
  }
}

async function* none(): AsyncGenerator<object, void> {}

await report(() => keep({}))
await report(async () => {
  for await (const _message of chat(none()));
})
await transport.close()
