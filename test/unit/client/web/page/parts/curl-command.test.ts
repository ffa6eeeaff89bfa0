import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { describe, expect, it } from 'vitest'
import { curlCommand } from '../../../../../../client/web/page/parts/curl-command.ts'
import type { WebProtocol } from '../../../../../../client/web/public.ts'
import { GreeterService, SayHelloRequestSchema } from '../../../../../../gen/greeter/v1/greeter_pb.js'

const run = promisify(execFile)

function commandFor(protocol: WebProtocol, name: string): string {
  const request = create(SayHelloRequestSchema, { name })
  return curlCommand({ method: GreeterService.method.sayHello, baseUrl: 'http://host.test/', protocol, request })
}

/** Lets a shell parse the command, with a curl that only prints its arguments. */
async function argumentsOf(command: string): Promise<string[]> {
  const { stdout } = await run('sh', ['-c', `curl() { printf '%s\\0' "$@"; }\n${command}`])
  return stdout.split('\0').slice(0, -1)
}

/** Lets a shell make the bytes that the command would pipe into curl. */
async function inputOf(command: string): Promise<Uint8Array> {
  const { stdout } = await run('sh', ['-c', `curl() { cat; }\n${command}`], { encoding: 'buffer' })
  return stdout
}

const AWKWARD_NAMES = [
  'Ada',
  '',
  "O'Hara",
  '100 % \\n $HOME `id` "q"',
  'Zoë 7',
  '世界',
  '\u0001\u001f2',
  'x'.repeat(300),
]

describe('curlCommand', () => {
  it('is readable', () => {
    expect(commandFor('connect', 'Ada')).toBe(
      `curl \\
  -H 'content-type: application/json' \\
  -d '{"name":"Ada"}' \\
  'http://host.test/greeter.v1.GreeterService/SayHello'`,
    )
  })

  it.each(AWKWARD_NAMES)('passes the JSON of a Connect call to curl, through a shell: %j', async (name) => {
    const args = await argumentsOf(commandFor('connect', name))
    expect(args.at(-1)).toBe('http://host.test/greeter.v1.GreeterService/SayHello')
    expect(JSON.parse(args[args.indexOf('-d') + 1] ?? '')).toEqual(name === '' ? {} : { name })
  })

  it.each(AWKWARD_NAMES)('passes the bytes of a gRPC-Web call to curl, through a shell: %j', async (name) => {
    const input = await inputOf(commandFor('grpc-web', name))
    const message = toBinary(SayHelloRequestSchema, create(SayHelloRequestSchema, { name }))
    expect(new DataView(input.buffer, input.byteOffset).getUint32(1)).toBe(message.length)
    expect(input[0]).toBe(0)
    expect(fromBinary(SayHelloRequestSchema, input.subarray(5)).name).toBe(name)
  })

  it('names the gRPC-Web content type', async () => {
    const command = commandFor('grpc-web', 'Ada')
    expect(command).toContain("-H 'content-type: application/grpc-web+proto' -H 'x-grpc-web: 1'")
  })
})
