#!/bin/sh
# The whole way: slides made up, patches, a trained network, heatmaps, explanations, a report.
# Called by `make demo`; run again, it goes on where it stopped.
set -eu
cohort=demo/cohort layer1=demo/layer1 layer2=demo/layer2 layer3=demo/layer3
say() { printf '\n== %s\n' "$1"; }

say "1/6 nine phantom slides of three centres"
test -f "$cohort/stages.csv" || layer1-extract phantom "$cohort" --slides 9

say "2/6 layer 1: labelled patches"
layer1-extract extract "$cohort" --out "$layer1" --config configs/demo/layer1_extract.yaml

say "3/6 layer 2: training, with three patients held out"
layer2-train train --patches "$layer1" --out "$layer2" --config configs/demo/layer2_train.yaml

say "4/6 layer 3: heatmaps of the slides held out"
layer3-infer heatmap "$cohort" --held-out --model "$layer2/bundle" --out "$layer3" \
  --config configs/demo/layer3_infer.yaml
layer3-infer evaluate "$layer3" --annotations "$cohort"

say "5/6 layer 3: Grad-CAM of the patches of highest probability"
layer3-infer explain --held-out --model "$layer2/bundle" --patches "$layer1" --method grad_cam \
  --out "$layer3/explanations"

say "6/6 the report"
layer3-infer report "$layer3" --out demo/report.html --annotations "$cohort" --model "$layer2/bundle"

cat <<END

Made, under demo/:
  cohort/                    nine phantom slides with annotations and the truth about each nucleus
  layer1/patches/*.h5        labelled patches; previews/*.png show where they were taken
  layer2/bundle/             the trained model, with its card; curves.png, roc.png, metrics.json beside it
  layer3/*.heatmap.h5        tumour probability of each slide held out; *.png, *.geojson, *.csv beside it
  layer3/explanations/       Grad-CAM of the patches of highest probability
  report.html, report/       all of it to look at, zoom into and send on: open it in a browser
END
