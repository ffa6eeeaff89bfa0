/** @grpc/grpc-js, with the protos loaded at run time as in its guides. */
import { once } from 'node:events'
import path from 'node:path'
import { type ClientDuplexStream, type ClientReadableStream, credentials, loadPackageDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { type BenchClient, runClientProgram } from './client-program.ts'

const ROOT = path.resolve(import.meta.dirname, '../../..')

interface Text {
  readonly text: string
}

interface Greeter {
  sayHello(request: { name: string }, answer: (error: Error | null, response: { message: string }) => void): void
  close(): void
}

interface Bench {
  download(request: Text & { count: number }): ClientReadableStream<Text>
  echo(): ClientDuplexStream<Text, Text>
  close(): void
}

type Stub<Client> = new (address: string, ...rest: unknown[]) => Client

const definition = loadSync(['greeter/v1/greeter.proto', 'bench/v1/bench.proto'], {
  includeDirs: [path.join(ROOT, 'proto'), path.join(ROOT, 'bench/proto')],
  keepCase: true,
})
const { greeter, bench } = loadPackageDefinition(definition) as unknown as {
  greeter: { v1: { GreeterService: Stub<Greeter> } }
  bench: { v1: { BenchService: Stub<Bench> } }
}

await runClientProgram(connect)

/** Clients of one address share a connection. */
function connect(address: string): BenchClient {
  const greeterClient = new greeter.v1.GreeterService(address, credentials.createInsecure())
  const benchClient = new bench.v1.BenchService(address, credentials.createInsecure())
  return {
    greet: (name) =>
      new Promise((resolve, reject) => {
        greeterClient.sayHello({ name }, (error, response) => (error ? reject(error) : resolve(response.message)))
      }),
    async download(count, text) {
      let messages = 0
      const stream = benchClient.download({ count, text })
      stream.on('data', () => {
        messages += 1
      })
      await once(stream, 'end')
      return messages
    },
    async openEcho(text) {
      const stream = benchClient.echo()
      stream.write({ text })
      await once(stream, 'data')
      stream.resume()
      return () => stream.end()
    },
    close() {
      greeterClient.close()
      benchClient.close()
    },
  }
}
