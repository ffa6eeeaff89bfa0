/** Channels that find the pods of a service in Kubernetes, and what they ask its API server. */
import { writeFile } from 'node:fs/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { kubernetesRegistrar } from '../../registry/kubernetes/kubernetes-registrar.ts'
import { type KubernetesResolverOptions, kubernetesResolver } from '../../registry/kubernetes/kubernetes-resolver.ts'
import { systemClock } from '../../wire/http2/http2.ts'
import { type Backend, startBackends } from '../support/backends.ts'
import { callAgain } from '../support/brokers/call-again.ts'
import { KubernetesApiServer, type Slice } from '../support/brokers/kubernetes-api.ts'
import { testCertificates } from '../support/certificates.ts'
import { instanceOf, testRegistrar } from '../support/contracts/registrar-contract.ts'
import { ResolverBench } from '../support/contracts/resolver-bench.ts'
import { startCuttableProxy } from '../support/cuttable-proxy.ts'
import { temporaryFile } from '../support/temporary-file.ts'

const LABELS = { 'kubernetes.io/service-name': 'greeter' }
const TOKEN = 'eyJhbGciOi.secret.token'

/** A slice of pods at 10.0.0.N, all of which are ready. */
function sliceOf(name: string, ...pods: number[]): Slice {
  return {
    metadata: { name, labels: LABELS },
    addressType: 'IPv4',
    endpoints: pods.map((pod) => ({ addresses: [`10.0.0.${pod}`], conditions: { ready: true } })),
    ports: [{ name: 'grpc', port: 80, protocol: 'TCP' }],
  }
}

/** A slice of one server, as each has a port of its own here. */
function sliceAt({ name, port }: Backend, conditions: object = { ready: true }): Slice {
  return {
    metadata: { name: `greeter-${name}`, labels: LABELS },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['127.0.0.1'], conditions }],
    ports: [{ name: 'grpc', port, protocol: 'TCP' }],
  }
}

/** Resolves the service, until the running test ends. Time passes as the test says. */
function resolve({ http }: KubernetesApiServer, options: KubernetesResolverOptions = {}) {
  const resolver = kubernetesResolver({ server: http.origin, ...options })
  const bench = new ResolverBench('kubernetes:///greeter.shop:grpc', resolver)
  onTestFinished(() => bench.resolver.close())
  bench.resolver.start()
  return bench
}

/** The queries of all requests so far, each as a list or as the version that a watch goes on from. */
function asked({ http }: KubernetesApiServer): string[] {
  return http.requests.map(({ query }) => (query.has('watch') ? `watch ${query.get('resourceVersion')}` : 'list'))
}

describe('a channel', () => {
  test('SD-2: loses no call while pods join and leave', async () => {
    const api = await KubernetesApiServer.start()
    const backends = await startBackends('abcde')
    const [a, b, c] = backends as [Backend, Backend, Backend]
    for (const backend of backends.slice(0, 3)) api.put('shop', sliceAt(backend))
    const client = callAgain('kubernetes:///greeter.shop:grpc', kubernetesResolver({ server: api.http.origin }))
    await client.sharedBetween('abc')
    for (const backend of backends.slice(3)) api.put('shop', sliceAt(backend))
    await client.sharedBetween('abcde')
    api.put('shop', sliceAt(a, { ready: false, serving: true, terminating: true }))
    api.put('shop', sliceAt(b, { ready: false, serving: false, terminating: false }))
    api.remove('shop', `greeter-${c.name}`)
    await client.sharedBetween('de')
    expect(await client.stop()).toBeGreaterThan(0)
  })

  test('SD-3: keeps its pods while the API server is away, and finds new ones when it is back', async () => {
    const api = await KubernetesApiServer.start()
    const [a, b] = (await startBackends('ab')) as [Backend, Backend]
    api.put('shop', sliceAt(a))
    const resolver = kubernetesResolver({ server: api.http.origin, namespace: 'shop' })
    const client = callAgain('kubernetes:///greeter', resolver)
    await client.sharedBetween('a')
    await api.http.stop()
    await client.sharedBetween('a')
    api.put('shop', sliceAt(b))
    await api.http.start()
    await client.sharedBetween('ab')
    expect(await client.stop()).toBeGreaterThan(0)
  })

  test('SD-5: finds servers that write their own slices, and follows their health', async () => {
    const api = await KubernetesApiServer.start()
    const options = { server: api.http.origin, namespace: 'shop' }
    const registrations = (await startBackends('ab')).map(({ name, port }) =>
      kubernetesRegistrar(options).register(
        { ...instanceOf(name), port },
        { clock: systemClock, random: Math.random, log: { info() {}, warn() {} } },
      ),
    )
    onTestFinished(async () => {
      for (const registration of registrations) await registration.deregister(1_000)
    })
    await expect.poll(() => registrations.every(({ isRegistered }) => isRegistered)).toBe(true)
    const client = callAgain('kubernetes:///greeter', kubernetesResolver(options))
    await client.sharedBetween('ab')
    registrations[0]?.setServing(false)
    await client.sharedBetween('b')
    registrations[0]?.setServing(true)
    await client.sharedBetween('ab')
    await registrations[1]?.deregister(1_000)
    await client.sharedBetween('a')
    await registrations[0]?.deregister(1_000)
    await client.sharedBetween('a')
    expect(await client.stop()).toBeGreaterThan(0)
  })
})

describe('the resolver of Kubernetes', () => {
  test('merges all slices of a service, of all pages, and follows each by its name', async () => {
    const api = await KubernetesApiServer.start({ pageSlices: 1 })
    api.put('shop', sliceOf('one', 1))
    api.put('shop', sliceOf('two', 2))
    api.put('shop', sliceOf('three', 3))
    api.put('other', sliceOf('one', 9))
    api.put('shop', {
      ...sliceOf('foreign', 9),
      metadata: { name: 'foreign', labels: { ...LABELS, 'kubernetes.io/service-name': 'greeter2' } },
    })
    const bench = resolve(api)
    await expect.poll(() => bench.told).toEqual(['10.0.0.1:80', '10.0.0.3:80', '10.0.0.2:80'])
    expect(asked(api).slice(0, 3)).toEqual(['list', 'list', 'list'])
    await expect.poll(() => api.watches).toBe(1)
    api.put('shop', sliceOf('two', 4, 5))
    await expect.poll(() => bench.told).toEqual(['10.0.0.1:80', '10.0.0.3:80', '10.0.0.4:80', '10.0.0.5:80'])
    api.remove('shop', 'one')
    api.put('shop', sliceOf('four', 6))
    await expect.poll(() => bench.told).toEqual(['10.0.0.6:80', '10.0.0.3:80', '10.0.0.4:80', '10.0.0.5:80'])
    expect(asked(api)).toHaveLength(4)
  })

  test('goes on from the last change or bookmark when a watch ends, without another list', async () => {
    const api = await KubernetesApiServer.start()
    api.put('shop', sliceOf('one', 1))
    const bench = resolve(api)
    await expect.poll(() => api.watches).toBe(1)
    api.put('shop', sliceOf('two', 2))
    await expect.poll(() => bench.told).toHaveLength(2)
    api.endWatches()
    await expect.poll(() => asked(api)).toEqual(['list', 'watch 101', 'watch 102'])
    await expect.poll(() => api.watches).toBe(1)
    api.bookmark()
    api.endWatches()
    api.put('shop', sliceOf('three', 3))
    await expect.poll(() => bench.told).toEqual(['10.0.0.1:80', '10.0.0.3:80', '10.0.0.2:80'])
    expect(asked(api)).toEqual(['list', 'watch 101', 'watch 102', 'watch 103'])
  })

  test.each(['status', 'event'] as const)('lists again when its version is gone, as %s', async (goneAs) => {
    const api = await KubernetesApiServer.start()
    api.goneAs = goneAs
    api.put('shop', sliceOf('one', 1))
    api.put('shop', sliceOf('two', 2))
    const bench = resolve(api)
    await expect.poll(() => api.watches).toBe(1)
    api.endWatches()
    api.http.intercept = () => {
      // Before the next watch reaches the server.
      api.http.intercept = () => false
      api.remove('shop', 'one')
      api.put('shop', sliceOf('three', 3))
      api.compact()
      return false
    }
    await expect.poll(() => bench.told).toEqual(['10.0.0.3:80', '10.0.0.2:80'])
    expect(asked(api)).toEqual(['list', 'watch 102', 'watch 102', 'list', 'watch 104'])
    expect(bench.results).toHaveLength(2)
  })

  test('lists from the start when the rest of a list is gone', async () => {
    const api = await KubernetesApiServer.start({ pageSlices: 1 })
    api.put('shop', sliceOf('one', 1))
    api.put('shop', sliceOf('two', 2))
    api.http.intercept = ({ query }) => {
      if (query.has('continue')) api.compact()
      return false
    }
    const bench = resolve(api)
    await expect.poll(() => bench.told).toContain('The provided continue parameter is too old')
    api.http.intercept = () => false
    await bench.advance(1_000)
    await expect.poll(() => bench.told).toEqual(['10.0.0.1:80', '10.0.0.2:80'])
  })

  test('does not read a list without an end for ever', async () => {
    const api = await KubernetesApiServer.start()
    api.http.intercept = (_request, response) => {
      response.end('{"metadata":{"continue":"more"},"items":[]}')
      return true
    }
    const bench = resolve(api)
    await expect.poll(() => bench.told, { timeout: 10_000 }).toContain('has more than 1000 pages')
  })

  test('does not ask without end, if each watch says at once that its version is gone', async () => {
    const api = await KubernetesApiServer.start()
    api.put('shop', sliceOf('one', 1))
    api.http.intercept = ({ query }, response) => {
      if (query.has('watch')) response.writeHead(410).end('{}')
      return query.has('watch')
    }
    const bench = resolve(api)
    await expect.poll(() => asked(api).length).toBe(5)
    await bench.advance(999)
    expect(asked(api)).toHaveLength(5)
    await bench.advance(1)
    await expect.poll(() => asked(api).length).toBe(6)
  })

  test('reads events that are split at any octet', async () => {
    const api = await KubernetesApiServer.start()
    api.put('shop', sliceOf('one', 1))
    const bench = resolve(api)
    await expect.poll(() => api.watches).toBe(1)
    const object = {
      ...sliceOf('zwei', 2),
      metadata: { name: 'zwei', annotations: { 'portico/metadata': '{"zone":"Zürich"}' } },
    }
    for (const octet of Buffer.from(`\r\n${JSON.stringify({ type: 'ADDED', object })}\n`)) {
      api.sendOctets(Uint8Array.of(octet))
      if (octet > 127) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await expect.poll(() => bench.told).toEqual(['10.0.0.1:80', '10.0.0.2:80'])
    expect(bench.results.at(-1)?.endpoints).toMatchObject([{}, { attributes: { zone: 'Zürich' } }])
  })

  test.each([
    ['a line without an end', Buffer.alloc(5_000_000, 'a'), 'a line of the watch has more than 4194304 octets'],
    ['a line that is no JSON', Buffer.from('<html>\n'), 'JSON'],
    [
      'an error',
      Buffer.from('{"type":"ERROR","object":{"code":500,"message":"etcd is away"}}\n'),
      'status 500: etcd is away',
    ],
  ])('starts again after %s', async (_, octets, error) => {
    const api = await KubernetesApiServer.start()
    api.put('shop', sliceOf('one', 1))
    const bench = resolve(api)
    await expect.poll(() => api.watches).toBe(1)
    api.sendOctets(octets)
    await expect.poll(() => bench.told).toContain(error)
    expect(bench.told).toMatch(/^greeter.shop in kubernetes: /)
    api.put('shop', sliceOf('two', 2))
    await bench.advance(1_000)
    await expect.poll(() => bench.told).toEqual(['10.0.0.1:80', '10.0.0.2:80'])
  })

  test('uses TLS, and a token that is read again when it has expired', async () => {
    const { ca, server } = await testCertificates()
    const tokens = new Set(['first'])
    const api = await KubernetesApiServer.start({ certificate: server, tokens })
    api.put('shop', sliceOf('one', 1))
    const tokenFile = await temporaryFile('token', 'first\n')
    const bench = resolve(api, { tokenFile, tls: { caFile: await temporaryFile('ca.crt', ca) } })
    await expect.poll(() => bench.told).toEqual(['10.0.0.1:80'])
    await expect.poll(() => api.watches).toBe(1)
    tokens.clear()
    tokens.add(TOKEN)
    await writeFile(tokenFile, TOKEN)
    api.endWatches()
    await expect.poll(() => api.watches).toBe(1)
    tokens.clear()
    api.endWatches()
    await expect.poll(() => bench.told).toContain('the API server answers with status 401: Unauthorized')
    expect(bench.told).not.toContain(TOKEN)
    api.http.intercept = ({ headers }, response) => {
      response.writeHead(502).end(`no upstream ${'-'.repeat(475)} ${headers.authorization}`)
      return true
    }
    await bench.advance(1_000)
    await expect.poll(() => bench.told).toContain('has status 502: no upstream')
    expect(bench.told).not.toContain(TOKEN.slice(0, 4))
    api.http.requests.pop()
    // Twice, as the token could have been replaced between its read and its check.
    expect(asked(api)).toEqual(['list', 'watch 101', 'watch 101', 'watch 101', 'watch 101'])
  })

  test('a server with another authority gets no token', async () => {
    const { server } = await testCertificates()
    const api = await KubernetesApiServer.start({ certificate: server })
    const bench = resolve(api, { tokenFile: await temporaryFile('token', TOKEN), tls: {} })
    await expect.poll(() => bench.told).toMatch(/certificate/)
    expect(api.http.requests).toEqual([])
  })

  test('reports a missing right in the words of the API server, and works once it is there', async () => {
    const api = await KubernetesApiServer.start()
    api.put('shop', sliceOf('one', 1))
    api.verbs.delete('watch')
    const bench = resolve(api)
    await expect
      .poll(() => bench.told)
      .toContain('endpointslices.discovery.k8s.io is forbidden: User "test" cannot watch')
    expect(bench.results[0]?.endpoints).toHaveLength(1)
    api.verbs.add('watch')
    await bench.advance(1_000)
    await expect.poll(() => bench.told).toEqual(['10.0.0.1:80'])
  })

  test('has no connection and no timer left after its end', async () => {
    const api = await KubernetesApiServer.start()
    api.put('shop', sliceOf('one', 1))
    const bench = resolve(api)
    await expect.poll(() => api.watches).toBe(1)
    bench.resolver.close()
    await expect.poll(() => api.http.connections).toBe(0)
    expect(bench.clock.pending).toBe(0)
  })
})

describe('the registrar of Kubernetes', () => {
  testRegistrar({
    async open() {
      const api = await KubernetesApiServer.start()
      let pods = 0
      return {
        async connect() {
          const proxy = await startCuttableProxy(api.http.port)
          const uid = `uid-${++pods}`
          const pod = { name: `greeter-${pods}`, uid }
          return {
            registrar: kubernetesRegistrar({ server: proxy.origin, namespace: 'shop', pod, renewMs: 100 }),
            cut() {
              proxy.cut()
              api.collect(uid)
            },
          }
        },
        find: async (service) =>
          api.slicesOf(service).flatMap(({ metadata, endpoints, ports }) =>
            (endpoints ?? [])
              .filter(({ conditions }) => JSON.stringify(conditions).includes('"ready":true'))
              .map(({ addresses }) => ({
                address: `${addresses[0]}:${ports?.[0]?.port}`,
                metadata: JSON.parse(metadata.annotations?.['portico/metadata'] ?? ''),
              })),
          ),
        stop: () => api.http.stop(),
        start: () => api.http.start(),
        forget: async () => api.forget(),
        expiryMs: 300,
      }
    },
  })
})
