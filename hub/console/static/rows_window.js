/** A long table of which only the rows in sight are there: drawn anew as one scrolls, walked by keys, told to screen readers. */

const OVER = 12; // rows above and below what is in sight
const ROWS_MAX = 60;

/** `draw` writes row `index` into a line; lines are used again. */
export class RowsWindow {
  /** @param {{scroller: HTMLElement, table: HTMLTableElement, row_px: number, columns: number,
   *   draw: (line: HTMLTableRowElement, index: number) => void, open: (index: number) => void,
   *   onSight: (first: number, end: number) => void}} parts */
  constructor({ scroller, table, row_px, columns, draw, open, onSight }) {
    this._scroller = scroller;
    this._table = table;
    this._body = /** @type {HTMLTableSectionElement} */ (table.tBodies[0]);
    this._row_px = row_px;
    this._draw = draw;
    this._open = open;
    this._onSight = onSight;
    this.count = 0;
    this.active = -1;
    this.first = 0;
    this.end = 0;
    this._before = spacer(columns);
    this._after = spacer(columns);
    this._body.replaceChildren(this._before, this._after);
    /** @type {HTMLTableRowElement[]} */
    this._lines = [];
    scroller.addEventListener("scroll", () => this._soon(), { passive: true });
    new ResizeObserver(() => this._soon()).observe(scroller);
    scroller.addEventListener("keydown", (event) => this._onKey(event));
    this._isSoon = false;
  }

  /** There are so many rows, perhaps others. @param {number} count @param {number} active the row that was walked to, -1: none */
  show(count, active) {
    this.count = count;
    this.active = Math.min(active, count - 1);
    this._table.setAttribute("aria-rowcount", String(count + 1)); // with the head
    this.draw();
  }

  _soon() {
    if (this._isSoon) return;
    this._isSoon = true;
    requestAnimationFrame(() => {
      this._isSoon = false;
      this.draw();
    });
  }

  /** Write what is in sight. */
  draw() {
    const { scrollTop, clientHeight } = this._scroller;
    const inSight = Math.ceil(clientHeight / this._row_px) + 1;
    const first = Math.max(0, Math.min(Math.floor(scrollTop / this._row_px) - OVER, this.count - inSight));
    const end = Math.min(this.count, first + Math.min(ROWS_MAX, inSight + 2 * OVER));
    while (this._lines.length < end - first) {
      const line = document.createElement("tr");
      line.tabIndex = -1;
      line.setAttribute("role", "row"); // its layout is no table's any more
      this._lines.push(line);
      this._body.insertBefore(line, this._after);
    }
    while (this._lines.length > end - first) this._lines.pop()?.remove();
    height(this._before, first * this._row_px);
    height(this._after, (this.count - end) * this._row_px);
    for (let index = first; index < end; index += 1) {
      const line = this._lines[index - first];
      line.setAttribute("aria-rowindex", String(index + 2));
      line.id = `row-${index}`;
      line.classList.toggle("is-active", index === this.active);
      line.setAttribute("aria-selected", String(index === this.active));
      this._draw(line, index);
    }
    const isThere = this.active >= first && this.active < end;
    if (isThere) this._table.setAttribute("aria-activedescendant", `row-${this.active}`);
    else this._table.removeAttribute("aria-activedescendant");
    if (first !== this.first || end !== this.end) {
      this.first = first;
      this.end = end;
      this._onSight(first, end);
    }
  }

  /** @param {number} index */
  walkTo(index) {
    this.active = Math.max(0, Math.min(index, this.count - 1));
    const head_px = this._table.tHead?.offsetHeight ?? 0;
    const top_px = this.active * this._row_px, { scrollTop, clientHeight } = this._scroller;
    if (top_px < scrollTop) this._scroller.scrollTop = top_px;
    else if (top_px + this._row_px + head_px > scrollTop + clientHeight) {
      this._scroller.scrollTop = top_px + this._row_px + head_px - clientHeight;
    }
    this.draw();
  }

  /** @param {KeyboardEvent} event */
  _onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.max(1, Math.floor(this._scroller.clientHeight / this._row_px) - 2);
    const to = { ArrowDown: this.active + 1, ArrowUp: this.active - 1, PageDown: this.active + page,
      PageUp: this.active - page, Home: 0, End: this.count - 1 }[event.key];
    if (to !== undefined && this.count) {
      event.preventDefault();
      this.walkTo(to);
    } else if (event.key === "Enter" && this.active >= 0 && !(event.target instanceof HTMLAnchorElement)) {
      event.preventDefault();
      this._open(this.active);
    }
  }
}

/** @param {number} columns */
function spacer(columns) {
  const line = document.createElement("tr"), cell = line.insertCell();
  cell.colSpan = columns;
  line.className = "spacer";
  line.setAttribute("aria-hidden", "true");
  return line;
}

/** @param {HTMLTableRowElement} line @param {number} px */
function height(line, px) {
  line.hidden = px <= 0;
  line.cells[0].style.height = `${Math.max(0, px)}px`;
}
