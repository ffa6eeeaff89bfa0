/** The greeter and the bench service on @grpc/grpc-js, with the protos loaded at run time as in its guides. */
import { once } from 'node:events'
import path from 'node:path'
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceClientConstructor,
  type sendUnaryData,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { announce } from './announce.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')

interface Text {
  readonly text: string
}

function sayHello(call: ServerUnaryCall<{ name: string }, { message: string }>, answer: sendUnaryData<object>): void {
  answer(null, { message: `Hello ${call.request.name}` })
}

async function download(call: ServerWritableStream<Text & { count: number }, Text>): Promise<void> {
  const { count, text } = call.request
  for (let sent = 0; sent < count; sent += 1) {
    if (!call.write({ text })) await once(call, 'drain')
  }
  call.end()
}

function upload(call: ServerReadableStream<Text, { count: number }>, answer: sendUnaryData<{ count: number }>): void {
  let count = 0
  call.on('data', () => {
    count += 1
  })
  call.on('end', () => answer(null, { count }))
}

function echo(call: ServerDuplexStream<Text, Text>): void {
  call.on('data', ({ text }: Text) => {
    if (call.write({ text })) return
    call.pause()
    call.once('drain', () => call.resume())
  })
  call.on('end', () => call.end())
}

const definition = loadSync(['greeter/v1/greeter.proto', 'bench/v1/bench.proto'], {
  includeDirs: [path.join(ROOT, 'proto'), path.join(ROOT, 'bench/proto')],
  keepCase: true,
})
const server = new Server()
server.addService(serviceOf('greeter.v1.GreeterService'), { sayHello })
server.addService(serviceOf('bench.v1.BenchService'), { download, upload, echo })
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error
  announce({ port })
})

function serviceOf(name: string): ServiceClientConstructor['service'] {
  let found: unknown = loadPackageDefinition(definition)
  for (const part of name.split('.')) found = (found as Record<string, unknown>)[part]
  return (found as ServiceClientConstructor).service
}
