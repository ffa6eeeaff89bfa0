/** Shows the demo that the address names, and lets the others rest. */
import type { View } from './views/view.ts'

/**
 * Follows the fragment of the address from now on; the first demo is shown where it names none. While the page itself is
 * in the background no demo is active, so that a browser with many tabs keeps its few connections for those that are seen.
 */
export function switchViews(views: readonly [View, ...View[]], links: readonly HTMLAnchorElement[]): void {
  let active: View | undefined

  function update(): void {
    const selected = views.find(({ section }) => location.hash === `#${section.id}`) ?? active ?? views[0]
    for (const { section } of views) section.hidden = section !== selected.section
    for (const link of links) markCurrent(link, link.hash === `#${selected.section.id}`)
    document.title = `${selected.section.querySelector('h2')?.textContent ?? ''} · Portico`
    activate(document.hidden ? undefined : selected)
  }

  function activate(next: View | undefined): void {
    if (next === active) return
    active?.hide()
    active = next
    next?.show()
  }

  addEventListener('hashchange', update)
  document.addEventListener('visibilitychange', update)
  update()
}

function markCurrent(link: HTMLAnchorElement, isCurrent: boolean): void {
  if (isCurrent) link.setAttribute('aria-current', 'page')
  else link.removeAttribute('aria-current')
}
