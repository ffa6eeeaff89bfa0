/** Loads the comparison when its tab is first shown. */
import { lazyComponent } from '../parts/lazy-component.tsx'
import { variables } from '../saved/presets/environments.ts'
import { fillMessage } from '../saved/presets/fill-variables.ts'
import type { CallSession } from './call-session.ts'
import type { ComparePlan } from './compare/comparison.ts'
import { pageContext } from './page-context.ts'
import { startCall } from './start-call.ts'

/** Draws the comparison. */
export const CompareSlot = lazyComponent<{ readonly session: CallSession }>(async () => {
  const [{ CompareTab }, { Comparison }, { EncodedSizes }] = await Promise.all([
    import('./compare/compare-tab.tsx'),
    import('./compare/comparison.ts'),
    import('./compare/encoded-sizes.ts'),
  ])
  const start = (session: CallSession, repeats: number) => {
    const plan = planOf(session)
    const sizes = new EncodedSizes()
    const comparison = new Comparison({ ...plan, repeats, encodedSince: (startMs) => sizes.latestSince(startMs) })
    void comparison.ended.then(() => sizes.stop())
    return comparison
  }
  return function Compare({ session }) {
    const isStream = session.form.method.methodKind !== 'unary'
    return <CompareTab isStream={isStream} start={(repeats) => start(session, repeats)} />
  }
})

/**
 * Returns what the form says about the calls.
 *
 * @throws Error if the form has faults
 */
function planOf({ form }: CallSession): Omit<ComparePlan, 'repeats' | 'encodedSince'> {
  const context = pageContext()
  form.draft.settle()
  const message = form.draft.message.peek()
  if (context === null || message === null) throw new Error('The message has faults.')
  const [fault] = form.faults.peek()
  if (fault !== undefined) throw new Error(fault)
  return {
    method: form.method,
    message: fillMessage(form.method.input, message, variables.peek()),
    facts: context.facts,
    start: (protocol) => startCall(form.toInit(protocol), context),
  }
}
