"""The words that the composer of backgrounds understands, by what they mean for a scene."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

COLORS: Mapping[str, str] = MappingProxyType(
    {
        "white": "#f7f6f3", "ivory": "#f5efdf", "cream": "#f3e9d2", "creamy": "#f3e9d2", "eggshell": "#efe8d8",
        "pearl": "#ebe6df", "beige": "#e2d3b8",
        "champagne": "#ecd9b9", "sand-colored": "#dcc8a0", "taupe": "#9f8f80", "khaki": "#b5a77a",
        "tan": "#cba77c", "nude": "#e3c4ab", "camel": "#c19a6b", "caramel": "#b9793f", "brown": "#7a5236",
        "chocolate": "#4f3224", "mocha": "#8a6a55", "chestnut": "#7b4331", "bronze": "#a3733c", "copper": "#b8683f",
        "rust": "#a94a25", "terracotta": "#c7694a", "terra cotta": "#c7694a", "sienna": "#a0552f", "clay": "#b9775c",
        "ochre": "#c98f2b", "mustard": "#d3a32c", "gold": "#cfa343", "golden": "#d3a84c", "amber": "#e09a2b",
        "yellow": "#f3cf45", "lemon": "#f5e663", "butter": "#f6e7a8", "apricot": "#f4b98a", "peach": "#f6c3a4",
        "orange": "#ec8436", "tangerine": "#ee8130", "coral": "#ef7d66", "salmon": "#f09a86", "pink": "#f0a9bd",
        "blush": "#efcfcb", "rose": "#dd8f9d", "rose gold": "#d9a394", "dusty pink": "#d9a9a6", "dusty rose": "#c98f90",
        "hot pink": "#e8408c", "fuchsia": "#d02a86", "magenta": "#c02f87", "raspberry": "#b3264f", "red": "#cc3633",
        "scarlet": "#cf2b22", "crimson": "#b01e37", "ruby": "#9c1b3a", "cherry red": "#a81c30", "burgundy": "#6d1a30",
        "wine": "#6a1f38", "maroon": "#6a2028", "plum": "#6e3360", "mauve": "#b392ac", "lilac": "#c6add6",
        "lavender": "#c5b8e3", "violet": "#7f5bb5", "purple": "#74489e", "indigo": "#40389a", "navy": "#1f2d4f",
        "navy blue": "#1f2d4f", "midnight blue": "#16203c", "royal blue": "#2b50b8", "cobalt": "#2850a7",
        "blue": "#4b82c4", "azure": "#5aa5dc", "sky blue": "#9cc9e8", "baby blue": "#b8d8ee", "powder blue": "#b9d3e3",
        "ice blue": "#d5e7f0", "denim": "#4a6588", "steel blue": "#5c7f9f", "slate blue": "#62759a", "cyan": "#4cc2d6",
        "aqua": "#79d0d0", "turquoise": "#44bdb4", "teal": "#1f7f80", "petrol": "#155765", "seafoam": "#a6d9c6",
        "mint": "#bfe5d0", "mint green": "#bfe5d0", "sage": "#aebb9d", "sage green": "#aebb9d", "olive": "#7c7c42",
        "olive green": "#7c7c42", "moss green": "#69773d", "pistachio": "#c3d59b", "lime": "#b5d649",
        "lime green": "#b5d649", "green": "#5d9c59", "emerald": "#1d8a5e", "jade": "#3f9c7c",
        "forest green": "#2b5437", "bottle green": "#184a38", "hunter green": "#2d4f36", "sea green": "#4ba586",
        "eucalyptus": "#9fb8a5", "gray": "#a2a3a4", "grey": "#a2a3a4", "silver": "#c6c9cc", "ash": "#b7b6b1",
        "stone gray": "#9b9790", "slate gray": "#667079", "charcoal": "#3a3c40", "graphite": "#45484d",
        "anthracite": "#34383c", "black": "#1b1b1d", "jet black": "#101012", "off white": "#f2eee6",
    }
)  # fmt: skip

# What words do to the colors they stand before, or to the whole scene.
TONES: Mapping[str, str] = MappingProxyType(
    {
        "dark": "dark", "darker": "dark", "deep": "dark", "moody": "dark", "gloomy": "dark", "dim": "dark",
        "light": "light", "lighter": "light", "pale": "light", "bright": "light", "airy": "light", "fresh": "light",
        "clean": "light", "clear": "light", "pastel": "pastel", "pastels": "pastel", "candy": "pastel",
        "soft": "muted", "muted": "muted", "subtle": "muted", "dusty": "muted", "faded": "muted", "natural": "muted",
        "vivid": "vivid", "vibrant": "vivid", "bold": "vivid", "saturated": "vivid", "colorful": "vivid",
        "colourful": "vivid", "neon": "vivid", "warm": "warm", "cozy": "warm", "cosy": "warm", "cool": "cool",
        "cold": "cool", "icy": "cool", "crisp": "cool",
    }
)  # fmt: skip

MATERIALS: Mapping[str, str] = MappingProxyType(
    {
        "wood": "wood", "wooden": "wood", "oak": "wood", "pine": "wood", "walnut": "wood", "timber": "wood",
        "plank": "wood", "hardwood": "wood", "bamboo": "wood", "parquet": "wood", "rustic": "wood", "teak": "wood",
        "marble": "marble", "quartz": "marble", "onyx": "marble", "concrete": "concrete", "cement": "concrete",
        "industrial": "concrete", "loft": "brick", "linen": "linen", "fabric": "linen", "cloth": "linen",
        "cotton": "linen", "canvas": "linen", "textile": "linen", "tablecloth": "linen", "burlap": "linen",
        "paper": "paper", "cardboard": "paper", "parchment": "paper", "brick": "brick", "brickwork": "brick",
        "tile": "tile", "tiled": "tile", "ceramic": "tile", "subway tile": "tile", "mosaic": "tile", "sand": "sand",
        "sandy": "sand", "dune": "sand", "grass": "grass", "lawn": "grass", "turf": "grass", "moss": "grass",
        "snow": "snow", "snowy": "snow", "ice": "snow", "water": "water", "pool": "water", "ripple": "water",
        "underwater": "water", "stone": "stone", "slate": "stone", "rock": "stone", "granite": "stone",
        "asphalt": "stone", "pavement": "stone", "cobblestone": "stone", "terrazzo": "terrazzo", "metal": "metal",
        "steel": "metal", "aluminum": "metal", "aluminium": "metal", "brushed metal": "metal", "plaster": "plaster",
        "stucco": "plaster", "limewash": "plaster", "textured": "plaster", "silk": "silk", "satin": "silk",
        "velvet": "silk", "drapery": "silk", "curtain": "silk", "leather": "leather",
    }
)  # fmt: skip
# Materials that people mean as the wall when they do not say where they want them.
WALL_MATERIALS = frozenset({"brick", "plaster", "paper"})

PLACES: Mapping[str, str] = MappingProxyType(
    {
        "city": "city", "skyline": "city", "cityscape": "city", "downtown": "city", "metropolis": "city",
        "urban": "city", "skyscraper": "city", "rooftop": "city", "town": "city", "street": "city",
        "alley": "city",
        "building": "city", "london": "london", "paris": "paris", "new york": "new york", "nyc": "new york",
        "manhattan": "new york", "beach": "beach", "sea": "beach", "ocean": "beach", "seaside": "beach",
        "coast": "beach", "shore": "beach", "island": "beach", "tropical": "beach", "summer": "beach",
        "holiday beach": "beach", "forest": "forest", "woods": "forest", "woodland": "forest", "jungle": "forest",
        "tree": "forest", "rainforest": "forest", "autumn": "autumn", "fall": "autumn", "mountain": "mountain",
        "alps": "mountain", "hill": "mountain", "valley": "mountain", "lake": "mountain", "landscape": "mountain",
        "desert": "desert", "sky": "sky", "cloud": "sky", "cloudy": "sky", "heaven": "sky", "space": "stars",
        "galaxy": "stars", "star": "stars", "starry": "stars", "stars": "stars", "cosmos": "stars",
        "kitchen": "kitchen", "countertop": "kitchen", "kitchen counter": "kitchen", "breakfast": "kitchen",
        "bathroom": "bathroom", "spa": "bathroom", "shower": "bathroom", "wellness": "bathroom",
        "living room": "room", "interior": "room", "home": "room", "room": "room", "house": "room", "office": "room",
        "bedroom": "room", "cafe": "cafe", "café": "cafe", "restaurant": "cafe", "coffee shop": "cafe", "bar": "cafe",
        "party": "cafe", "nightclub": "cafe", "garden": "garden", "park": "garden", "meadow": "garden",
        "nature": "garden", "outdoors": "garden", "outdoor": "garden", "spring": "garden", "field": "garden",
        "flower": "garden", "floral": "garden",
        "cherry blossom": "garden", "winter": "winter", "christmas": "winter", "xmas": "winter",
        "pharmacy": "clinic", "clinic": "clinic", "hospital": "clinic", "medical": "clinic", "laboratory": "clinic",
        "lab": "clinic", "drugstore": "clinic", "shop": "clinic", "store": "clinic", "studio": "studio",
        "sweep": "studio", "minimal": "studio", "minimalist": "studio", "plain": "studio", "simple": "studio",
        "seamless": "studio", "infinity cove": "studio", "cyclorama": "studio", "solid": "studio",
        "neutral": "studio", "gradient": "gradient", "ombre": "gradient", "fade": "gradient",
    }
)  # fmt: skip

LIGHTS: Mapping[str, str] = MappingProxyType(
    {
        "sunset": "sunset", "dusk": "dusk", "sundown": "sunset", "golden hour": "sunset", "sunrise": "sunrise",
        "dawn": "sunrise", "morning": "sunrise", "evening": "dusk", "twilight": "dusk", "blue hour": "dusk",
        "night": "night", "nighttime": "night", "midnight": "night", "nocturnal": "night", "city lights": "night",
        "noon": "day", "midday": "day", "day": "day", "daylight": "day", "sunny": "day", "sunlight": "day",
        "sun": "day", "overcast": "overcast", "foggy": "overcast", "misty": "overcast", "fog": "overcast",
        "mist": "overcast", "hazy": "overcast", "rainy": "overcast", "spotlight": "spotlight",
        "spot light": "spotlight", "spotlit": "spotlight", "dramatic": "spotlight", "stage": "spotlight",
        "vignette": "spotlight", "candlelight": "dusk",
    }
)  # fmt: skip

EXTRAS: Mapping[str, str] = MappingProxyType(
    {
        "bokeh": "bokeh", "fairy lights": "bokeh", "string lights": "bokeh", "lights": "bokeh", "glitter": "bokeh",
        "sparkle": "bokeh", "glowing": "bokeh", "festive": "bokeh", "confetti": "confetti", "celebration": "confetti",
        "birthday": "confetti", "abstract": "shapes", "geometric": "shapes", "shape": "shapes", "memphis": "shapes",
        "podium": "podium", "pedestal": "podium", "plinth": "podium", "display stand": "podium",
        "window light": "window", "window": "window", "window shadow": "window", "leaf shadow": "leaves",
        "palm shadow": "leaves", "palm": "leaves", "palm leaves": "leaves", "leaf": "leaves", "leaves": "leaves",
        "plant shadow": "leaves", "snowfall": "snowfall", "snowflake": "snowfall", "snowing": "snowfall",
        "blurred": "blur", "blurry": "blur", "blur": "blur", "out of focus": "blur", "depth of field": "blur",
        "shallow focus": "blur", "defocused": "blur", "sharp": "sharp", "in focus": "sharp", "detailed": "sharp",
    }
)  # fmt: skip

# Words that say where the colors and materials before them belong.
SURFACE_WORDS = frozenset(
    {
        "table", "tabletop", "floor", "counter", "desk", "surface", "shelf", "ground", "platform", "base", "board",
        "worktop", "bench", "ledge", "deck",
    }
)  # fmt: skip
WALL_WORDS = frozenset({"wall", "background", "backdrop"})
NEGATIONS = frozenset({"no", "not", "without", "never", "avoid", "exclude", "excluding", "minus"})

# Words that ask for nothing: they are neither understood nor missed.
FILLERS = frozenset(
    {
        "a", "an", "and", "the", "of", "on", "in", "at", "with", "to", "for", "from", "by", "as", "or", "is", "are",
        "be", "it", "its", "this", "that", "these", "those", "my", "our", "your", "into", "over", "under", "behind",
        "front", "beside", "near", "next", "through", "against", "very", "some", "more", "most", "just", "like",
        "style", "styled", "styling", "look", "looking", "photo", "photos", "photograph", "photography", "photographic",
        "picture", "image", "images", "shot", "scene", "setting", "view", "product", "products", "item", "commercial",
        "professional", "professionally", "advertising", "advertisement", "ad", "marketing", "campaign", "catalog",
        "catalogue", "packshot", "ecommerce", "e-commerce", "editorial", "lifestyle", "high", "quality", "hd", "4k",
        "8k", "ultra", "realistic", "photorealistic", "realism", "real", "modern", "contemporary", "elegant", "luxury",
        "luxurious", "premium", "stylish", "beautiful", "nice", "great", "good", "lovely", "pretty", "attractive",
        "aesthetic", "composition", "lighting", "light-filled", "lit", "color", "colors", "colour", "colours",
        "colored", "coloured", "tone", "tones", "toned", "texture", "please", "make", "create", "generate", "put",
        "place", "placed", "standing", "stands", "sitting", "want", "need", "new", "top", "down", "side",
        "half", "full", "bit", "little", "slightly", "large", "big", "small", "wide", "close", "up", "closeup",
    }
)  # fmt: skip
