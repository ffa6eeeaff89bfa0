import { describe, expect, test } from 'vitest'
import { helpFlag } from '../../../../../../client/node/cli/arguments/flag-table.ts'
import { parseArguments } from '../../../../../../client/node/cli/arguments/parse-arguments.ts'
import { connectionFlags, readConnection } from '../../../../../../client/node/cli/connection/connection.ts'
import { parseHeader } from '../../../../../../client/node/cli/connection/headers.ts'
import { UsageError } from '../../../../../../client/node/cli/terminal/program-errors.ts'
import { normalizeTransportOptions, type TransportOptions } from '../../../../../../client/node/transport-options.ts'
import { temporaryFile } from '../../../../../support/temporary-file.ts'

function connect(address: string, ...argv: string[]): Promise<TransportOptions> {
  return readConnection(address, parseArguments(argv, { ...connectionFlags, ...helpFlag }, []).values)
}

test.each<[string, string[], Partial<TransportOptions>]>([
  ['http://a:1', [], { baseUrl: 'http://a:1', protocol: 'grpc', httpVersion: '2' }],
  ['http://a:1/', [], { baseUrl: 'http://a:1' }],
  ['https://a:1/path/', [], { baseUrl: 'https://a:1/path' }],
  ['a:1', [], { baseUrl: 'https://a:1' }],
  ['a:1', ['--tls'], { baseUrl: 'https://a:1' }],
  ['a:1', ['--plaintext'], { baseUrl: 'http://a:1' }],
  ['[::1]:1', ['--plaintext'], { baseUrl: 'http://[::1]:1' }],
  ['a:1', ['--insecure'], { tls: { insecure: true } }],
  ['a:1', ['--authority', 'b:2'], { authority: 'b:2', tls: { servername: 'b' } }],
  ['a:1', ['--authority', 'b:2', '--servername', 'c'], { authority: 'b:2', tls: { servername: 'c' } }],
  ['http://a', ['--protocol', 'connect', '--http', '1'], { protocol: 'connect', httpVersion: '1.1' }],
  ['dns:///a:1', [], { target: 'dns:///a:1', tls: {} }],
  ['DNS:a', ['--plaintext'], { target: 'DNS:a' }],
  ['static:///a:1,b:2', ['--insecure'], { target: 'static:///a:1,b:2', tls: { insecure: true } }],
  ['unix:/run/app.sock', ['--plaintext'], { target: 'unix:/run/app.sock' }],
  ['dns:80', ['--plaintext'], { baseUrl: 'http://dns' }],
  ['dns:81', [], { baseUrl: 'https://dns:81' }],
  ['http://a', ['--keepalive', '10s'], { keepalive: { timeMs: 10_000 } }],
  ['http://a', ['--no-retry'], { retry: false }],
  ['http://a', ['--retry', '0', '--no-retry'], { retry: false }],
  ['http://a', ['--timeout', '1500ms', '--max-receive', '1KiB'], { defaultTimeoutMs: 1_500, readMaxBytes: 1_024 }],
])('%s %j', async (address, argv, expected) => {
  expect(await connect(address, ...argv)).toMatchObject(expected)
})

test.each<[string, string[], string]>([
  ['a:1', ['--plaintext', '--tls'], '--plaintext and --tls cannot be used together'],
  ['a:1', ['--plaintext', '--insecure'], '--plaintext and --insecure cannot be used together'],
  ['a:1', ['--plaintext', '--cert', 'x'], '--plaintext and --cert cannot be used together'],
  ['https://a:1', ['--plaintext'], '--plaintext and https://a:1 cannot be used together'],
  ['http://a:1', ['--ca', 'x'], '--ca and http://a:1 cannot be used together'],
  ['a:1', ['--insecure', '--ca', 'x'], '--insecure and --ca cannot be used together'],
  ['a:1', ['--cert', 'x'], '--cert and --key go together'],
  ['a:1', ['--ca', '/nonexistent/ca.pem'], '--ca /nonexistent/ca.pem cannot be read'],
  ['a:1', ['--ca', import.meta.filename, '--cert', import.meta.filename, '--key', import.meta.filename], 'must be PEM'],
  ['a:1', ['--http', '1'], '--http 1 and gRPC cannot be used together'],
  ['a:1', ['--http', '3'], '--http "3" must be 1 or 2'],
  ['a:1', ['--protocol', 'rest'], '--protocol "rest" must be one of grpc, grpc-web, connect'],
  ['a:1', ['--timeout', '5'], '--timeout "5" must be a duration'],
  ['a:1', ['--timeout', '25h'], '--timeout "25h" must be a duration'],
  ['a:1', ['--max-receive', '0'], '--max-receive "0" must be a size'],
  ['ftp://a', [], '"ftp://a" is not an address'],
  ['http://u:p@a', [], '"http://u:p@a" is not an address'],
  ['a:1/path', [], '"a:1/path" is not an address'],
  ['static:///', [], 'it must have the form host:port'],
  ['unix:/run/app.sock', ['--plaintext', '--ca', 'x'], '--plaintext and --ca cannot be used together'],
  ['a:1', ['--keepalive', '9s'], '--keepalive "9s" must be from 10s'],
  ['a:1', ['--retry', '5'], '--retry "5" must be a whole number from 0 to 4'],
  ['a:1', ['--retry', '1', '--no-retry'], '--retry and --no-retry cannot be used together'],
  [
    'a:1',
    ['--retry', '1', '--service-config', '{"methodConfig":[]}'],
    '--retry and the methodConfig of --service-config',
  ],
  ['a:1', ['--lb', 'robin'], '--lb "robin" must be one of pick_first, round_robin'],
  ['a:1', ['--lb', 'outlier_detection_experimental'], 'childPolicy'],
  [
    'a:1',
    ['--lb', 'round_robin', '--service-config', '{"loadBalancingPolicy":"x"}'],
    '--lb and the loadBalancingPolicy',
  ],
  [
    'a:1',
    ['--lb', 'round_robin', '--service-config', '{"loadBalancingConfig":[]}'],
    '--lb and the loadBalancingConfig',
  ],
  ['a:1', ['--service-config', '{'], '--service-config is not JSON'],
  ['a:1', ['--service-config', '[]'], '--service-config must be an object'],
  ['a:1', ['--service-config', '{"methodConfig":7}'], 'methodConfig'],
  ['a:1', ['--service-config', '@/nonexistent.json'], '--service-config /nonexistent.json cannot be read'],
  ['', [], '"" is not an address'],
])('%s %j is rejected', async (address, argv, sentence) => {
  const reading = connect(address, ...argv)
  await expect(reading).rejects.toThrow(UsageError)
  await expect(reading).rejects.toThrow(sentence)
})

describe('a service config', () => {
  test('replaces that of the resolver', async () => {
    expect(normalizeTransportOptions(await connect('a:1'))).toMatchObject({
      channel: { serviceConfigFromResolver: true },
    })
    expect(await connect('a:1', '--service-config', '{"methodConfig":[]}')).toMatchObject({
      serviceConfig: { methodConfig: [] },
      serviceConfigFromResolver: false,
    })
  })

  test('can be read from a file', async () => {
    const file = await temporaryFile('config.json', '{"loadBalancingPolicy":"round_robin"}')
    const { serviceConfig } = await connect('a:1', '--service-config', `@${file}`)
    expect(serviceConfig).toEqual({ loadBalancingPolicy: 'round_robin' })
  })

  test('is what --lb and --retry expand to', async () => {
    const argv = ['--lb', 'round_robin', '--retry', '2', '--service-config', '{"retryThrottling":null}']
    const { serviceConfig } = await connect('a:1', ...argv)
    expect(serviceConfig).toMatchObject({
      retryThrottling: null,
      loadBalancingConfig: [{ round_robin: {} }],
      methodConfig: [{ name: [{}], retryPolicy: { maxAttempts: 3, retryableStatusCodes: ['UNAVAILABLE'] } }],
    })
  })
})

test('a header is a name and a value', () => {
  expect(parseHeader('X-Word:  a: b ')).toEqual(['x-word', 'a: b'])
  expect(parseHeader('x-bytes-bin: AAEC')).toEqual(['x-bytes-bin', 'AAEC'])
})

test.each([['no colon'], [': value'], ['bad name: x'], ['x: line\nbreak'], ['x-bin: ???']])(
  'rejects the header %j',
  (text) => {
    expect(() => parseHeader(text)).toThrow(UsageError)
  },
)
