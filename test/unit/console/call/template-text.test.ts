import { expect, it } from 'vitest'
import { fillTemplate, randomUuid } from '../../../../console/app/call/sending/template-text.ts'
import { timerPlan } from '../../../../console/app/call/sending/timer-plan.ts'

const VALUES = { index: 7, now: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 6)), uuid: 'u-u' }

it.each([
  ['{"n":"{{index}}"}', '{"n":"7"}'],
  ['{"n":{{ index }}}', '{"n":7}'],
  ['"{{now}} {{uuid}} {{index}}{{index}}"', '"2026-01-02T03:04:05.006Z u-u 77"'],
  ['{{other}} {index}', '{{other}} {index}'],
])('%s becomes %s', (template, text) => {
  expect(fillTemplate(template, VALUES)).toBe(text)
})

it('makes UUIDs of version 4', () => {
  const uuids = new Set(Array.from({ length: 100 }, randomUuid))
  expect(uuids.size).toBe(100)
  for (const uuid of uuids) expect(uuid).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
})

it('counts the messages of a timer from 1', () => {
  const plan = timerPlan('{{index}}', 10, 2)
  expect([plan.messageAt(0)?.text, plan.messageAt(1)?.text, plan.messageAt(2)]).toEqual(['1', '2', null])
  expect(plan.total).toBe(2)
})

it('has no end for a count of 0', () => {
  const plan = timerPlan('{{index}}', 10, 0)
  expect([plan.messageAt(1_000_000)?.text, plan.total]).toEqual(['1000001', null])
})
