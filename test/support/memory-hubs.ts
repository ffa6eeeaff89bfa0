/** Topic hubs in memory, and what their tests read from them. */
import { createMemoryTopicHub, type MemoryTopicHub } from '../../server/demo/topics/memory-topic-hub.ts'
import type { MemoryTopicHubOptions } from '../../server/demo/topics/memory-topic-hub-options.ts'
import { TopicError } from '../../server/demo/topics/topic-error.ts'
import type { TopicDelivery } from '../../server/demo/topics/topic-hub.ts'

const hubs: MemoryTopicHub[] = []

/** Opens a hub, until {@link closeHubs}. */
export function hubOf(options?: MemoryTopicHubOptions): MemoryTopicHub {
  const hub = createMemoryTopicHub(options)
  hubs.push(hub)
  return hub
}

/** Closes the hubs of a test. */
export function closeHubs(): void {
  for (const hub of hubs.splice(0)) hub.close()
}

/** The sequence numbers of deliveries, with the number of missed messages before each. */
export function summary(deliveries: TopicDelivery[]): string[] {
  return deliveries.map(({ message, missed }) => `${message.sequence}${missed > 0n ? ` missed ${missed}` : ''}`)
}

/** The reason of the {@link TopicError} that an action throws. */
export function reasonOf(action: () => unknown): unknown {
  try {
    action()
  } catch (error) {
    return error instanceof TopicError ? error.reason : error
  }
  return 'nothing was thrown'
}
