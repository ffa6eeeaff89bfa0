/** Targets and options of Kubernetes, and what is wrong with invalid ones. */
import { afterEach, describe, expect, test, vi } from 'vitest'
import { parseTarget } from '../../../../client/node/resolver/parse-target.ts'
import { normalizeKubernetesOptions } from '../../../../registry/kubernetes/kubernetes-options.ts'
import { kubernetesRegistrar } from '../../../../registry/kubernetes/kubernetes-registrar.ts'
import { kubernetesResolver } from '../../../../registry/kubernetes/kubernetes-resolver.ts'
import { parseKubernetesTarget } from '../../../../registry/kubernetes/kubernetes-target.ts'
import { instanceOf } from '../../../support/contracts/registrar-contract.ts'
import { ResolverBench } from '../../../support/contracts/resolver-bench.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

function targetOf(text: string) {
  return parseTarget(text, [kubernetesResolver()]).target
}

test.each([
  ['kubernetes:///greeter', 'greeter', undefined, undefined, 'greeter'],
  ['kubernetes:greeter', 'greeter', undefined, undefined, 'greeter'],
  ['kubernetes:///greeter:8080', 'greeter', undefined, 8080, 'greeter:8080'],
  ['kubernetes:///greeter.shop:grpc', 'greeter', 'shop', 'grpc', 'greeter.shop'],
  ['kubernetes:///greeter.shop.svc', 'greeter', 'shop', undefined, 'greeter.shop.svc'],
  ['kubernetes:///a-1.b-2.svc.cluster.local:1', 'a-1', 'b-2', 1, 'a-1.b-2.svc.cluster.local:1'],
])('%s', (text, service, namespace, port, authority) => {
  expect(parseKubernetesTarget(targetOf(text))).toEqual({ service, namespace, port, authority })
  expect(kubernetesResolver().defaultAuthority(targetOf(text))).toBe(authority)
})

test.each([
  'kubernetes:///',
  'kubernetes://greeter',
  'kubernetes://cluster/greeter',
  'kubernetes:///Greeter',
  'kubernetes:///gree/ter',
  'kubernetes:///greeter.shop.pod',
  'kubernetes:///greeter.',
  'kubernetes:///greeter:',
  'kubernetes:///greeter:0',
  'kubernetes:///greeter:65536',
  'kubernetes:///greeter:GRPC',
  'kubernetes:///greeter?limit=1',
  'kubernetes:///greeter.a%2f..:80',
])('%s is invalid', (text) => {
  expect(() => kubernetesResolver().defaultAuthority(targetOf(text))).toThrow(RangeError)
})

describe('the defaults', () => {
  test.each([
    ['10.96.0.1', '6443', 'https://10.96.0.1:6443/'],
    ['fd00::1', '443', 'https://[fd00::1]/'],
  ])('are those of a pod, whose API server is at %s', (host, port, url) => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', host)
    vi.stubEnv('KUBERNETES_SERVICE_PORT', port)
    const { baseUrl, ...rest } = normalizeKubernetesOptions('kubernetesResolver', {})
    const account = '/var/run/secrets/kubernetes.io/serviceaccount'
    expect(baseUrl.href).toBe(url)
    expect(rest).toEqual({
      tokenFile: `${account}/token`,
      namespace: undefined,
      namespaceFile: `${account}/namespace`,
      tls: { caFile: `${account}/ca.crt` },
    })
  })

  test.each([
    [{}, '/var/run/secrets/kubernetes.io/serviceaccount/token'],
    [{ tls: { certFile: 'c', keyFile: 'k' } }, null],
    [{ tls: { certFile: 'c', keyFile: 'k' }, tokenFile: 't' }, 't'],
  ])('have a token unless there is a certificate: %j', (options, tokenFile) => {
    const server = 'https://10.96.0.1'
    expect(normalizeKubernetesOptions('kubernetesResolver', { server, ...options }).tokenFile).toBe(tokenFile)
  })

  test('outside of a cluster, a target cannot be resolved without a server', () => {
    vi.stubEnv('KUBERNETES_SERVICE_HOST', undefined)
    expect(() => new ResolverBench('kubernetes:///greeter', kubernetesResolver())).toThrow(
      'kubernetesResolver: server must be set outside of a cluster',
    )
  })
})

test.each([
  [{ server: 'k8s.test' }, 'server must be a URL such as'],
  [{ server: 'https://user@k8s.test' }, 'server must be a URL such as'],
  [{ server: 'http://127.0.0.1:8001', tokenFile: 'f' }, 'need a server that begins with https:'],
  [{ server: 'http://127.0.0.1:8001', tls: {} }, 'need a server that begins with https:'],
  [{ server: 'http://127.0.0.1:8001', namespace: '../x' }, 'namespace is "../x"'],
  [{ server: 'https://127.0.0.1:8001', tls: { caFile: '/nowhere/ca' } }, 'tls.caFile is "/nowhere/ca"'],
  [{ server: 'http://127.0.0.1:8001', renewMs: 1 }, 'renewMs is 1'],
  [{ server: 'http://127.0.0.1:8001', portName: 'G' }, 'portName is "G"'],
  [{ server: 'http://127.0.0.1:8001', pod: { uuid: '1' } }, 'pod.uuid is unknown: did you mean pod.uid?'],
])('%j is rejected', (options: object, error) => {
  expect(() => kubernetesRegistrar(options)).toThrow(error)
})

test.each([
  [{ host: 'greeter.test' }, 'the host is "greeter.test", and must be an IP address'],
  [{ service: 'shop/greeter' }, 'the service is "shop/greeter"'],
])('an instance that no slice can describe is rejected: %j', (change, error) => {
  const registrar = kubernetesRegistrar({ server: 'http://127.0.0.1:1' })
  const context = { clock: new ManualClock(), random: () => 0, log: { info() {}, warn() {} } }
  expect(() => registrar.register({ ...instanceOf('a'), ...change }, context)).toThrow(error)
})
