/** Where the states of a layer are drawn: dagre places them, once for each set of states and edges. */
import { graphlib, layout } from "@dagrejs/dagre";
import type { LayerDeclaration } from "../types";

export interface Box {
  name: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Edge {
  from: string;
  to: string;
  /** Whether the session took it. */
  isTaken: boolean;
  points: { x: number; y: number }[];
}

export interface Drawing {
  width: number;
  height: number;
  boxes: Box[];
  edges: Edge[];
}

const CHARACTER = 7.2;
const HEIGHT = 26;
const PADDING = 20;
const MARGIN = 6;

const drawn = new Map<string, Drawing>();
const MOST_DRAWN = 200;

/** The drawing of a layer. `taken` has the changes of the session as "from to". */
export function drawingOf(layer: LayerDeclaration, taken: ReadonlySet<string>): Drawing {
  const key = JSON.stringify([layer.states, layer.default, layer.rows, [...taken].sort()]);
  let drawing = drawn.get(key);
  if (drawing === undefined) {
    if (drawn.size >= MOST_DRAWN) drawn.clear();
    drawing = draw(layer, taken);
    drawn.set(key, drawing);
  }
  return drawing;
}

function draw({ states, default: first, rows }: LayerDeclaration, taken: ReadonlySet<string>): Drawing {
  const graph = new graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 10, ranksep: 44, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const name of [first, ...states.filter((state) => state !== first)]) {
    graph.setNode(name, { width: name.length * CHARACTER + PADDING, height: HEIGHT });
  }
  const shown = new Map<string, boolean>();
  for (const [from, to] of rows) shown.set(`${from} ${to}`, false);
  for (const edge of taken) shown.set(edge, true);
  for (const edge of shown.keys()) {
    const [from, to] = edge.split(" ") as [string, string];
    if (from === to || !states.includes(from) || !states.includes(to)) {
      shown.delete(edge);
      continue;
    }
    graph.setEdge(from, to);
  }
  // Any state can follow any other; these edges, which are not drawn, keep the default at the left.
  for (const state of states) if (state !== first && !graph.hasEdge(first, state)) graph.setEdge(first, state, { weight: 0 });
  layout(graph);
  const boxes = states.map((name) => ({ name, ...(graph.node(name) as Omit<Box, "name">) }));
  const edges = [...shown].map(([edge, isTaken]) => {
    const [from, to] = edge.split(" ") as [string, string];
    return { from, to, isTaken, points: (graph.edge(from, to) as { points: Edge["points"] }).points };
  });
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number };
  return { width, height, boxes, edges };
}
