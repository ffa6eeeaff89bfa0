/** Loads the comparison when its tab is first shown. */
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { variables } from '../saved/presets/environments.ts'
import { fillMessage } from '../saved/presets/fill-variables.ts'
import type { CallSession } from './call-session.ts'
import type { CompareTabProps } from './compare/compare-tab.tsx'
import type { Comparison } from './compare/comparison.ts'
import { pageContext } from './page-context.ts'
import { startCall } from './start-call.ts'

interface CompareParts {
  readonly CompareTab: ComponentType<CompareTabProps>
  readonly startComparison: (session: CallSession, repeats: number) => Comparison
}

/** Draws the comparison. */
export function CompareSlot({ session }: { session: CallSession }) {
  const [parts, setParts] = useState<CompareParts | null>(null)
  useEffect(() => {
    let isCurrent = true
    void loadParts().then((loaded) => isCurrent && setParts(loaded))
    return () => {
      isCurrent = false
    }
  }, [])
  if (parts === null) return <p class="soft">Loading</p>
  const isStream = session.form.method.methodKind !== 'unary'
  return <parts.CompareTab isStream={isStream} start={(repeats) => parts.startComparison(session, repeats)} />
}

async function loadParts(): Promise<CompareParts> {
  const [{ CompareTab }, { Comparison }, { EncodedSizes }] = await Promise.all([
    import('./compare/compare-tab.tsx'),
    import('./compare/comparison.ts'),
    import('./compare/encoded-sizes.ts'),
  ])
  return {
    CompareTab,
    startComparison({ form }, repeats) {
      const context = pageContext()
      form.draft.settle()
      const message = form.draft.message.peek()
      if (context === null || message === null) throw new Error('The message has faults.')
      const [fault] = form.faults.peek()
      if (fault !== undefined) throw new Error(fault)
      const sizes = new EncodedSizes()
      const comparison = new Comparison({
        method: form.method,
        message: fillMessage(form.method.input, message, variables.peek()),
        facts: context.facts,
        repeats,
        start: (protocol) => startCall(form.toInit(protocol), context),
        encodedSince: (startMs) => sizes.latestSince(startMs),
      })
      void comparison.ended.then(() => sizes.stop())
      return comparison
    },
  }
}
