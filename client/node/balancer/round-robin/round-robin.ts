/** Picks every endpoint in turn. */
import type { LoadBalancerPolicy } from '../../contracts/load-balancer.ts'
import { FieldReader } from '../../service-config/field-reader.ts'
import { EndpointBalancer } from '../endpoint-children/endpoint-balancer.ts'
import { rotatingPicker } from './rotating-picker.ts'

/** The policy round_robin, which has no config. */
export const roundRobinPolicy: LoadBalancerPolicy<null> = Object.freeze({
  name: 'round_robin',
  parseConfig(json) {
    new FieldReader(json).finish()
    return null
  },
  create: (helper) =>
    new EndpointBalancer(helper, null, (ready) =>
      rotatingPicker(
        ready.map((child) => child.picker),
        helper.random,
      ),
    ),
} satisfies LoadBalancerPolicy<null>)
