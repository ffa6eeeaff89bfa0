/** Messages on a timer. */
import type { SendPlan } from './send-run.ts'
import { fillTemplate, randomUuid } from './template-text.ts'

/** Returns the plan of a template that is sent at intervals; `count` 0 for no end. */
export function timerPlan(template: string, intervalMs: number, count: number): Omit<SendPlan, 'send'> {
  return {
    total: count === 0 ? null : count,
    intervalMs,
    messageAt(index) {
      if (count > 0 && index >= count) return null
      const values = { index: index + 1, now: new Date(), uuid: randomUuid() }
      return { text: fillTemplate(template, values), line: index + 1 }
    },
  }
}
