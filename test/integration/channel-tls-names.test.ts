/** Whose certificate a server must show, by each kind of target; and servers that agree to nothing by ALPN. */
import { Code } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ResolverFactory } from '../../client/node/contracts/resolver.ts'
import type { DnsLookup } from '../../client/node/resolver/dns-lookup.ts'
import { dnsResolver } from '../../client/node/resolver/dns-resolver.ts'
import { fileResolver } from '../../client/node/resolver/file-resolver.ts'
import { srvResolver } from '../../client/node/resolver/srv-resolver.ts'
import { staticResolver } from '../../client/node/resolver/static-resolver.ts'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { testCertificates } from '../support/certificates.ts'
import { startHttpServer } from '../support/http-server.ts'
import { openGreeter } from '../support/open-greeter.ts'
import { temporaryFile } from '../support/temporary-file.ts'
import { startTlsFront } from '../support/tls-front.ts'

const { ca, signFor } = await testCertificates()

const WAYS = [
  { protocol: 'grpc', httpVersion: '2' },
  { protocol: 'grpc-web', httpVersion: '2' },
  { protocol: 'connect', httpVersion: '1.1' },
] as const

/** DNS that resolves every name to this machine. */
function lookupTo(port: number): DnsLookup {
  return {
    addresses: async () => ['127.0.0.1'],
    texts: async () => [],
    services: async () => [{ name: 'node1.example', port, priority: 1, weight: 1 }],
  }
}

describe.each(WAYS)('$protocol over HTTP/$httpVersion', (way) => {
  /** A server with a certificate for these names, which responds with the first. */
  async function startNamed(names: readonly string[], options: { host?: string; ALPNProtocols?: string[] } = {}) {
    const { port } = await startHttpServer({
      httpVersion: way.httpVersion,
      greeter: { sayHello: () => ({ message: names[0] ?? '' }) },
    })
    const ALPNProtocols = [way.httpVersion === '2' ? 'h2' : 'http/1.1']
    return startTlsFront(port, { ...(await signFor(...names)), ALPNProtocols, ...options })
  }

  function greetingBy(options: TransportOptions): Promise<string> {
    const { client } = openGreeter({ ...way, ...options, tls: { ca, ...options.tls } })
    return client.sayHello({}).then(
      ({ message }) => message,
      (error: Error) => error.message,
    )
  }

  const WRONG = /is not in the cert's (?:altnames|list)/

  test('srv: the name without the service labels, whatever hosts DNS returns', async () => {
    const target = 'srv:///_grpc._tcp.greeter.example'
    const good = srvResolver({ createLookup: () => lookupTo(port) })
    const port = await startNamed(['greeter.example'])
    expect(await greetingBy({ target, resolvers: [good] })).toBe('greeter.example')
    const other = await startNamed(['node1.example', '_grpc._tcp.greeter.example', '127.0.0.1'])
    const bad = srvResolver({ createLookup: () => lookupTo(other) })
    expect(await greetingBy({ target, resolvers: [bad] })).toMatch(WRONG)
  })

  test('dns: the name of the target, whatever addresses DNS returns', async () => {
    const port = await startNamed(['greeter.example'])
    const resolvers = [dnsResolver({ createLookup: () => lookupTo(port) })]
    expect(await greetingBy({ target: `dns:///greeter.example:${port}`, resolvers })).toBe('greeter.example')
    expect(await greetingBy({ target: `dns:///other.example:${port}`, resolvers })).toMatch(WRONG)
  })

  test.each(['static:///', 'ipv4:'])('%s each server the host of its own address', async (scheme) => {
    const ports = [await startNamed(['127.0.0.1']), await startNamed(['127.0.0.2'], { host: '127.0.0.2' })]
    const target = `${scheme}127.0.0.1:${ports[0]},127.0.0.2:${ports[1]}`
    const { client } = openGreeter({
      ...way,
      target,
      tls: { ca },
      serviceConfig: { loadBalancingConfig: [{ round_robin: {} }] },
    })
    const seen = new Set<string>()
    await expect.poll(async () => seen.add((await client.sayHello({})).message).size).toBe(2)
    expect(await greetingBy({ target: `${scheme}127.0.0.1:${await startNamed(['127.0.0.2'])}` })).toMatch(WRONG)
  })

  test('static: the name in the target', async () => {
    const port = await startNamed(['greeter.example'])
    const endpoints = [{ addresses: [{ host: '127.0.0.1', port }], attributes: {} }]
    const resolvers = [staticResolver({ 'greeter.example': { endpoints }, other: { endpoints } })]
    expect(await greetingBy({ target: 'static:///greeter.example', resolvers })).toBe('greeter.example')
    expect(await greetingBy({ target: 'static:///other', resolvers })).toMatch(WRONG)
  })

  test('file: the host of the address, or the hostname given with it', async () => {
    const port = await startNamed(['127.0.0.1'])
    const named = await startNamed(['node1.example'])
    const read = async (list: unknown) => {
      const file = await temporaryFile('list.json', JSON.stringify(list))
      return greetingBy({ target: `file://${file}` })
    }
    expect(await read([`127.0.0.1:${port}`])).toBe('127.0.0.1')
    expect(await read([{ address: `127.0.0.1:${named}`, hostname: 'node1.example' }])).toBe('node1.example')
    expect(await read([{ address: `127.0.0.1:${named}` }])).toMatch(WRONG)
    expect(await read([{ address: `127.0.0.1:${named}`, hostname: '' }])).toMatch(/hostname/)
  })

  test('file: a changed hostname applies to the same address from then on', async () => {
    const port = await startNamed(['node2.example'])
    const lists = ['node1.example', 'node2.example'].map((hostname) =>
      JSON.stringify([{ address: `127.0.0.1:${port}`, hostname }]),
    )
    const changed = Promise.withResolvers<() => void>()
    const own = fileResolver({
      read: async () => lists.shift() ?? '',
      watch(_path, onChange) {
        changed.resolve(onChange)
        return () => {}
      },
    })
    const { client, transport } = openGreeter({ ...way, target: 'file:///list', resolvers: [own], tls: { ca } })
    await expect(client.sayHello({})).rejects.toThrow(WRONG)
    const failing = transport.getState()
    ;(await changed.promise)()
    await transport.watchState(failing)
    expect((await client.sayHello({})).message).toBe('node2.example')
  })

  test('a custom resolver names each endpoint, and channel options override all', async () => {
    const port = await startNamed(['node1.example', 'other.example'])
    const own: ResolverFactory = {
      scheme: 'own',
      defaultAuthority: () => 'greeter.example',
      create: (_target, { listener }) => ({
        start: () =>
          queueMicrotask(() =>
            listener.onResult({
              endpoints: [{ addresses: [{ host: '127.0.0.1', port }], attributes: { hostname: 'node1.example' } }],
            }),
          ),
        resolveNow() {},
        close() {},
      }),
    }
    const place = { target: 'own:///greeter', resolvers: [own] }
    expect(await greetingBy(place)).toBe('node1.example')
    expect(await greetingBy({ ...place, authority: 'other.example:1' })).toBe('node1.example')
    expect(await greetingBy({ ...place, tls: { servername: 'other.example' } })).toBe('node1.example')
    expect(await greetingBy({ ...place, authority: 'none.example' })).toMatch(WRONG)
    expect(await greetingBy({ ...place, authority: 'other.example', tls: { servername: 'none.example' } })).toMatch(
      WRONG,
    )
  })

  test('a server without ALPN is used if the options allow it, and otherwise reported as the reason', async () => {
    const port = await startNamed(['127.0.0.1'], { ALPNProtocols: [] })
    const target = `ipv4:127.0.0.1:${port}`
    const strict = await greetingBy({ target })
    if (way.httpVersion === '2') expect(strict).toContain('does not negotiate HTTP/2 by ALPN; if it supports HTTP/2')
    else expect(strict).toBe('127.0.0.1')
    expect(await greetingBy({ target, tls: { allowMissingAlpn: true } })).toBe('127.0.0.1')
  })
})

test('channel options do not make a server with an invalid certificate trusted', async () => {
  const { port } = await startHttpServer({ httpVersion: '2' })
  const front = await startTlsFront(port, { ...(await signFor('node1.example')), ALPNProtocols: [] })
  const { client, transport } = openGreeter({
    target: `ipv4:127.0.0.1:${front}`,
    tls: { allowMissingAlpn: true },
  })
  onTestFinished(() => transport.close())
  await expect(client.sayHello({})).rejects.toMatchObject({ code: Code.Unavailable })
})
