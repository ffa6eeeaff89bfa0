/** Parses targets of Kubernetes: `kubernetes:///greeter.shop:grpc`. */
import { isPort } from '../../client/node/contracts/endpoint.ts'
import type { Target } from '../../client/node/contracts/resolver.ts'
import { assertNoCredentials } from '../resolver/registry-target.ts'
import { isLabel } from './kubernetes-options.ts'

/** What a target says. */
export interface KubernetesTarget {
  readonly service: string
  /** Undefined: that of the options or of the pod. */
  readonly namespace: string | undefined
  /** The number or name of a port of the pods. Undefined: the one named `grpc`, or the first. */
  readonly port: number | string | undefined
  /** The name of the service as written, with a port that is a number. */
  readonly authority: string
}

const FORM = /^([^.:]+)(?:\.([^.:]+)(?:\.svc(?:\.[^:]+)?)?)?(?::([^:]+))?$/

/**
 * Parses `SERVICE`, `SERVICE.NAMESPACE` and `SERVICE.NAMESPACE.svc.cluster.local`, each with or without `:PORT`.
 *
 * @throws RangeError for an invalid target
 */
export function parseKubernetesTarget(target: Target): KubernetesTarget {
  assertNoCredentials(target)
  const { authority, endpoint } = target
  const [, service = '', namespace, portText] = FORM.exec(endpoint) ?? []
  const port = portText !== undefined && /^\d+$/.test(portText) ? Number(portText) : portText
  const isUsable = typeof port === 'number' ? isPort(port) : port === undefined || isLabel(port)
  if (authority !== '' || !isLabel(service) || (namespace !== undefined && !isLabel(namespace)) || !isUsable) {
    const form = 'kubernetes:///service.namespace:port'
    throw new RangeError(`the service is "${authority}/${endpoint}": the target must have the form ${form}`)
  }
  const [name = ''] = endpoint.split(':')
  return { service, namespace, port, authority: typeof port === 'number' ? endpoint : name }
}
