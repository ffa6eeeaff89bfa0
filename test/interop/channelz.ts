/** Channelz read by foreign eyes: grpcurl with reflection, and the client of grpc-go; and refused to callers that are not local. */
import path from 'node:path'
import { runCommand, runFailingCommand } from '../support/command.ts'
import { expectParts } from '../support/expect-output.ts'
import { buildGoProgram, GRPCURL, installGoTool } from '../support/go-tool.ts'
import type { Check } from '../support/run-checks.ts'

/** Servers with admin services. */
export interface ManagedServers {
  /** `127.0.0.1:PORT` */
  readonly cleartext: string
  readonly tls: string
  readonly caFile: string
}

/** How the programs reach a server. */
interface Way {
  readonly name: string
  readonly address: string
  readonly curlFlags: readonly string[]
  readonly goFlags: readonly string[]
}

/** The checks, over cleartext and TLS. */
export async function channelzChecks({ cleartext, tls, caFile }: ManagedServers): Promise<readonly Check[]> {
  const grpcurl = await installGoTool(GRPCURL)
  const reader = await buildGoProgram(path.join(import.meta.dirname, 'grpc-go/channelz'))
  const ways: readonly Way[] = [
    { name: 'cleartext', address: cleartext, curlFlags: ['-plaintext'], goFlags: [] },
    { name: 'TLS', address: tls, curlFlags: ['-cacert', caFile], goFlags: ['-ca', caFile] },
  ]
  return ways.flatMap((way) => [...grpcurlChecks(grpcurl, way), readerCheck(reader, way)])
}

function grpcurlChecks(program: string, { name, address, curlFlags }: Way): readonly Check[] {
  const run = (...args: readonly string[]) => runCommand({ program, args: [...curlFlags, ...args] })
  const check = (what: string, seen: () => Promise<string>, ...parts: readonly string[]): Check => ({
    name: `grpcurl, admin services over ${name}: ${what}`,
    run: () => expectParts(seen(), ...parts),
  })
  const forwarded = ['-H', 'x-forwarded-for: 192.0.2.1']
  return [
    check('list', () => run(address, 'list'), 'grpc.channelz.v1.Channelz', 'portico.admin.v1.Admin'),
    check('describe', () => run(address, 'describe', 'grpc.channelz.v1.Channelz'), 'rpc GetTopChannels'),
    check(
      'GetServers',
      () => run(address, 'grpc.channelz.v1.Channelz/GetServers'),
      'callsStarted',
      address,
      '"end": true',
    ),
    check(
      'GetConfig',
      () => run(address, 'portico.admin.v1.Admin/GetConfig'),
      'drain-timeout',
      'CONFIG_SOURCE_DEFAULT',
    ),
    check(
      'an unknown id',
      () =>
        runFailingCommand({
          program,
          args: [
            ...curlFlags,
            '-d',
            '{"serverId":"1152921504606846976"}',
            address,
            'grpc.channelz.v1.Channelz/GetServer',
          ],
        }),
      'NotFound',
    ),
    {
      name: `grpcurl, admin services over ${name}: a forwarded caller neither sees nor uses them`,
      async run() {
        const listed = await run(...forwarded, address, 'list')
        if (listed.includes('Channelz') || listed.includes('Admin')) throw new Error(`listed:\n${listed}`)
        const call = [...curlFlags, '-rpc-header', 'x-forwarded-for: 192.0.2.1', address]
        const refused = runFailingCommand({ program, args: [...call, 'grpc.channelz.v1.Channelz/GetServers'] })
        await expectParts(refused, 'PermissionDenied')
      },
    },
  ]
}

function readerCheck(program: string, { name, address, goFlags }: Way): Check {
  return {
    name: `grpc-go's channelz client over ${name}`,
    run: () =>
      expectParts(
        runCommand({ program, args: ['-address', address, ...goFlags] }),
        `server ${address} started=`,
        'listening=1',
        `socket ours streams=true messages=true windows=true tls=${goFlags.length > 0}`,
        'channels end=true',
        'unknown socket NotFound',
      ),
  }
}
