/** The game itself: a ship, rocks, crystals. It knows nothing of music. */

const SHIP = 12;
const NEAR = 220;
const STAR_COUNT = 60;

export class Field {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.onCrystal = () => {};
    this.onCrash = () => {};
    this.isFlying = false;
    this.score = 0;
    /** How near the nearest rock is: 0, far, to 1, about to hit. */
    this.danger = 0;
    this.ship = { x: 400, y: 240 };
    this.aim = { x: 400, y: 240 };
    /** @type {{x: number, y: number, vx: number, vy: number, size: number, isCrystal: boolean}[]} */
    this.things = [];
    this.glow = 0;
    this.untilNext = 0;
    /** @type {Set<string>} */
    this.keys = new Set();
    this.stars = Array.from({ length: STAR_COUNT }, () => ({ x: Math.random() * 800, y: Math.random() * 480 }));
    canvas.onpointermove = ({ offsetX, offsetY }) => {
      const scale = canvas.width / canvas.clientWidth;
      this.aim = { x: offsetX * scale, y: offsetY * scale };
    };
    onkeydown = ({ key }) => this.keys.add(key);
    onkeyup = ({ key }) => this.keys.delete(key);
  }

  begin() {
    this.isFlying = true;
    this.score = 0;
    this.things = [];
    this.ship = { x: 400, y: 240 };
    this.aim = { x: 400, y: 240 };
  }

  /** A beat: the stars light up, more at the beginning of a bar. @param {boolean} isBar */
  pulse(isBar) {
    this.glow = isBar ? 1 : 0.5;
  }

  /** @param {number} seconds */
  step(seconds) {
    this.glow = Math.max(0, this.glow - 2 * seconds);
    if (!this.isFlying) {
      this.danger = 0;
      return;
    }
    this.steer(seconds);
    this.untilNext -= seconds;
    if (this.untilNext <= 0) this.addThing();
    let nearest = Infinity;
    for (const thing of this.things) {
      thing.x += thing.vx * seconds;
      thing.y += thing.vy * seconds;
      const distance = Math.hypot(thing.x - this.ship.x, thing.y - this.ship.y) - thing.size - SHIP;
      if (!thing.isCrystal) nearest = Math.min(nearest, distance);
      else if (distance < 0) {
        this.score += 1;
        thing.x = Infinity;
        this.onCrystal();
      }
    }
    this.things = this.things.filter(({ x, y }) => Math.abs(x - 400) < 500 && Math.abs(y - 240) < 340);
    this.danger = Math.max(0, Math.min(1, 1 - nearest / NEAR));
    if (nearest >= 0) return;
    this.isFlying = false;
    this.onCrash();
  }

  /** @param {number} seconds */
  steer(seconds) {
    const step = 320 * seconds;
    if (this.keys.has("ArrowLeft")) this.aim.x -= step;
    if (this.keys.has("ArrowRight")) this.aim.x += step;
    if (this.keys.has("ArrowUp")) this.aim.y -= step;
    if (this.keys.has("ArrowDown")) this.aim.y += step;
    this.aim.x = Math.max(SHIP, Math.min(800 - SHIP, this.aim.x));
    this.aim.y = Math.max(SHIP, Math.min(480 - SHIP, this.aim.y));
    this.ship.x += (this.aim.x - this.ship.x) * Math.min(1, 8 * seconds);
    this.ship.y += (this.aim.y - this.ship.y) * Math.min(1, 8 * seconds);
  }

  /** A rock or a crystal from an edge, towards somewhere near the ship. */
  addThing() {
    this.untilNext = 0.35 + 0.5 * Math.random();
    const isCrystal = Math.random() < 0.3;
    const angle = Math.random() * 2 * Math.PI;
    const [x, y] = [400 + 470 * Math.cos(angle), 240 + 320 * Math.sin(angle)];
    const [toX, toY] = [this.ship.x + 260 * (Math.random() - 0.5), this.ship.y + 260 * (Math.random() - 0.5)];
    const speed = (70 + 70 * Math.random()) / Math.hypot(toX - x, toY - y);
    const size = isCrystal ? 9 : 12 + 22 * Math.random();
    this.things.push({ x, y, vx: (toX - x) * speed, vy: (toY - y) * speed, size, isCrystal });
  }

  draw() {
    const { pen } = this;
    pen.fillStyle = "#0b1020";
    pen.fillRect(0, 0, 800, 480);
    pen.fillStyle = `rgba(180, 200, 255, ${0.25 + 0.7 * this.glow})`;
    for (const { x, y } of this.stars) pen.fillRect(x, y, 2 + 2 * this.glow, 2 + 2 * this.glow);
    for (const { x, y, size, isCrystal } of this.things) {
      pen.fillStyle = isCrystal ? "#63e6be" : "#8d99ae";
      pen.beginPath();
      if (isCrystal) for (const [dx, dy] of [[0, -1.4], [1, 0], [0, 1.4], [-1, 0]]) pen.lineTo(x + dx * size, y + dy * size);
      else pen.arc(x, y, size, 0, 2 * Math.PI);
      pen.fill();
    }
    const { x, y } = this.ship;
    pen.fillStyle = this.isFlying ? "#ffd166" : "#6c757d";
    pen.beginPath();
    for (const [dx, dy] of [[0, -1.3], [1, 1], [0, 0.5], [-1, 1]]) pen.lineTo(x + dx * SHIP, y + dy * SHIP);
    pen.fill();
    pen.fillStyle = "#26304f";
    pen.fillRect(20, 452, 200, 10);
    pen.fillStyle = this.danger > 0.5 ? "#ef476f" : "#06d6a0";
    pen.fillRect(20, 452, 200 * this.danger, 10);
    pen.fillStyle = "#9fb0e0";
    pen.font = "13px system-ui, sans-serif";
    pen.fillText("danger", 20, 445);
    if (!this.isFlying && this.score > 0) pen.fillText(`${this.score} crystals. Play again?`, 340, 80);
  }
}
