"""Training, scoring and exporting the model of companies' revenue; `python -m training growth --help`."""

#: what everyone who is compared is called for people; here, so that the page is written without tensorflow
TITLES = {
    "model": "the model",
    "seasonal": "seasonal naive",
    "persists": "last growth persists",
    "autoregression": "pooled AR (plain rule)",
    "linear": "linear, same inputs",
    "lightgbm": "LightGBM, same inputs",
    "recurrent": "the network with LSTMs",
    "ets": "AutoETS",
}
