/** The plans of the methods of one transport. */
import type { DescMethod } from '@bufbuild/protobuf'
import { CallPlan, type CallSettings } from './call-plan.ts'

/** Each is made when its method is first called, and kept. */
export class CallPlans {
  readonly #settings: CallSettings
  readonly #plans = new Map<DescMethod, CallPlan>()

  constructor(settings: CallSettings) {
    this.#settings = settings
  }

  /** The plan of a method. */
  of(method: DescMethod): CallPlan {
    const known = this.#plans.get(method)
    if (known !== undefined) return known
    const plan = new CallPlan(method, this.#settings)
    this.#plans.set(method, plan)
    return plan
  }
}
