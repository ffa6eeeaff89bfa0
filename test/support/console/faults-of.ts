/** What axe finds wrong with a page. */
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { oneOfEach } from '../depth.ts'

const LOOKS = [
  { colorScheme: 'light', forcedColors: 'none' },
  { colorScheme: 'dark', forcedColors: 'none' },
  { colorScheme: 'dark', forcedColors: 'active' },
] as const

/** The violations, each with where it is. */
export async function faultsOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const { run } = Reflect.get(globalThis, 'axe') as typeof axe
    const { violations } = await run()
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
  })
}

/** The violations in light, dark and forced colours; in `npm test` in one of them, which moves on from turn to turn. */
export async function faultsInLooks(page: Page, turn = 0): Promise<string[]> {
  const faults: string[] = []
  for (const look of oneOfEach(LOOKS, () => '', turn)) {
    await page.emulateMedia({ ...look, reducedMotion: 'reduce' })
    await page.evaluate(COLOURS_SETTLE)
    faults.push(...(await faultsOf(page)).map((fault) => `${look.colorScheme}, ${look.forcedColors}: ${fault}`))
  }
  return faults
}

/** Runs in the page, whose types these tests do not have. Colours that are on their way have contrasts of their own. */
const COLOURS_SETTLE = `(async () => {
  for (let frames = 0; frames < 2; frames++) await new Promise((resolve) => requestAnimationFrame(resolve))
  const transitions = document.getAnimations().filter((animation) => animation instanceof CSSTransition)
  await Promise.allSettled(transitions.map(({ finished }) => finished))
})()`
